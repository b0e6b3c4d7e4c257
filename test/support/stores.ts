import { afterAll, describe, expect, it } from '@jest/globals';
import { startedServerTarget, type StoreOnStartedServer, storeTargets, type StoreTarget } from './store-targets.ts';

export * from './store-targets.ts';

/**
 * Describes a suite about the loss of a server: over the one that the tests start from `MONGODB_TEST_SERVER`, stopped at
 * the end. Without that command the suite says so by a test of its own.
 */
export function describeStartedServer(title: string, suite: (open: () => Promise<StoreOnStartedServer>) => void): void {
  const { MONGODB_TEST_SERVER: command } = process.env;
  if (command === undefined) {
    sayThatOnlyEmbeddedRan(['MONGODB_TEST_SERVER']);
    return;
  }
  const target = startedServerTarget(command);
  describe(`${title}, over ${target.name}`, () => {
    suite(target.open);
    afterAll(target.stop);
  });
}

/**
 * Describes a suite once for each target, and stops what the targets started at its end. Without a MongoDB-protocol
 * server the suite says so by a test of its own, instead of leaving the target out in silence.
 */
export function describeStores(title: string, suite: (target: StoreTarget) => void): void {
  const targets = storeTargets();
  for (const target of targets) {
    describe(`${title}, over ${target.name}`, () => {
      suite(target);
      afterAll(target.stop);
    });
  }
  if (targets.every(({ kind }) => kind === 'embedded'))
    sayThatOnlyEmbeddedRan(['MONGODB_TEST_SERVER', 'MONGODB_TEST_URI']);
}

/** Registers the test whose name says that no MongoDB-protocol server was given, by none of the variables. */
function sayThatOnlyEmbeddedRan(variables: readonly string[]): void {
  it(`no MongoDB-protocol server was given (${variables.join(', ')}): only the embedded store is covered`, () => {
    expect(variables.filter(variable => process.env[variable] !== undefined)).toEqual([]);
  });
}
