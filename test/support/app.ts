import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, type AppOptions, create } from '../../app/app.ts';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { createLog } from '../../lib/log.ts';
import { type Client, createClient } from './client.ts';
import { type OpenStore, type StoreTarget } from './store-targets.ts';
import { createSupremeToken } from './tokens.ts';

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly path: string;
  readonly correlation?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface TestClock {
  readonly read: () => Date;
  readonly set: (instant: string | Date) => void;
}

/** The service, running in this process on a free port. */
export interface TestApp {
  readonly app: App;
  readonly url: string;
  readonly config: Config;
  /** The client of a supreme user; `as` gives those of others. */
  readonly client: Client;
  /** What was logged so far, from level debug up. */
  readonly logs: readonly LogLine[];
  /** The server or folder behind it, where a target was given. */
  readonly target: OpenStore | undefined;
  readonly clock: TestClock;
  /** The time that the service takes it to be. */
  now(): Date;
  /** Sets the service's clock; it goes on from there, a millisecond with each look at it. */
  setTime(instant: string | Date): void;
  /** Moves the clock forward. */
  advance(span: { readonly days?: number; readonly hours?: number; readonly minutes?: number }): void;
  /** Stops the service and removes its data. Gives the exit code. */
  stop(): Promise<number>;
}

export interface TestAppOverrides {
  /** Variables of the environment, over those of tests. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly exporter?: NonNullable<AppOptions['exporter']>;
  /** Where the clock begins; the machine's own clock, which no test can move, when `real`. */
  readonly time?: string;
  /** An app over a server, for a second instance over the same database, by the same clock. */
  readonly over?: TestApp;
}

/** Where the clock of a test begins. */
export const TEST_TIME = '2026-03-01T12:00:00.000Z';

const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');

/**
 * Starts the real service on a free port, over an embedded store in a folder of its own, or over a database of its own
 * on a target's server.
 */
export async function startTestApp(overrides: TestAppOverrides = {}, target?: StoreTarget): Promise<TestApp> {
  const directory = await mkdtemp(path.join(tmpdir(), 'test-app-'));
  const opened = overrides.over?.target ?? (target?.kind === 'mongodb' ? await target.open() : undefined);
  const clean = async (): Promise<void> => {
    if (overrides.over === undefined) await opened?.close();
    await rm(directory, { recursive: true, force: true });
  };
  const { config, environment } = loadConfig<Config>({
    schema: configSchema,
    rules: configRules,
    directory: path.resolve('config'),
    variables: {
      NODE_ENV: 'test',
      DATA_DIR: directory,
      LOG_LEVEL: 'debug',
      RATE_LIMIT_ENABLED: 'false',
      DATA_ENCRYPTION_KEYS: ENCRYPTION_KEY,
      ...(opened && selectMongodbVariables(opened)),
      ...overrides.variables,
    },
  });
  const lines: LogLine[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
  const clock = overrides.over?.clock ?? createClock(overrides.time ?? TEST_TIME);
  try {
    const app = await create({
      config,
      environment,
      clock: clock.read,
      log: createLog({ level: config.log.level, environment, destination }),
      ...(overrides.exporter && { exporter: overrides.exporter }),
    });
    const { url } = await app.start();
    return {
      app,
      url,
      config,
      client: createClient({ url, routes: app.routes }, createSupremeToken()),
      logs: lines,
      target: opened,
      clock,
      now: clock.read,
      setTime: clock.set,
      advance: ({ days = 0, hours = 0, minutes = 0 }) =>
        clock.set(new Date(clock.read().getTime() + ((days * 24 + hours) * 60 + minutes) * 60_000)),
      async stop() {
        const code = await app.stop('the test is over');
        await clean();
        return code;
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

/** Names the database that a target opened. Its location shows no credentials, so a server that was named keeps its URI. */
function selectMongodbVariables({ store }: OpenStore): Record<string, string> {
  const [hosts = '', database = ''] = store.location.split('/');
  const { MONGODB_TEST_URI: named = '' } = process.env;
  return {
    MONGODB_URI: named.includes(hosts) ? named : `mongodb://${hosts}/?directConnection=true`,
    MONGODB_DATABASE: database,
  };
}

/** A clock that the test moves. Each look is a millisecond later than the last, so that what is later is dated later. */
function createClock(start: string): TestClock {
  if (start === 'real') return { read: () => new Date(), set: () => undefined };
  let now = Date.parse(start);
  return {
    read: () => new Date(now++),
    set: instant => {
      now = new Date(instant).getTime();
    },
  };
}
