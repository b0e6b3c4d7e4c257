import { type Logger } from '../lib/log.ts';
import { type Datastores } from './datastore/datastores.ts';
import { type Actor } from './policy.ts';
import { type Services } from './services/services.ts';

/** Tells the time. Injected, so that tests can move it. */
export type Clock = () => Date;

/**
 * All that a manager knows of the call that it serves: a value, the same for HTTP requests, sockets, workers and tests.
 * A manager names the datastores that it uses: `ManagerContext<'campaigns' | 'markets'>`.
 */
export interface ManagerContext<D extends keyof Datastores = keyof Datastores> {
  /** The id that ties together the log lines, spans, change records and messages of one call. */
  readonly correlation: string;
  /** Who calls; null for the public. */
  readonly actor: Actor | null;
  /** The address that the caller comes from, for limits on attempts. */
  readonly address: string;
  readonly datastore: Pick<Datastores, D>;
  readonly service: Services;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the deadline of the call passes or the caller goes away. */
  readonly signal: AbortSignal;
}
