import { type Logger } from '../lib/log.ts';
import { type AppContext } from '../lib/middlewares/request-state.ts';
import { type Clock, type ManagerContext } from './context.ts';
import { type Datastores } from './datastore/datastores.ts';
import { type Actor } from './policy.ts';
import { type Services } from './services/services.ts';
import { systemActor } from './system-actor.ts';

interface Shared {
  readonly datastore: Datastores;
  readonly service: Services;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The context of a request: what is costly to make is made when it is asked for. */
class RequestManagerContext implements ManagerContext {
  readonly correlation: string;
  readonly actor: Actor | null;
  readonly datastore: Datastores;
  readonly service: Services;
  readonly clock: Clock;
  readonly #http: AppContext<Actor>;
  readonly #log: Logger;

  constructor(http: AppContext<Actor>, { datastore, service, log, clock }: Shared) {
    this.correlation = http.state.correlation;
    this.actor = http.state.actor;
    this.datastore = datastore;
    this.service = service;
    this.clock = clock;
    this.#http = http;
    this.#log = log;
  }

  get address(): string {
    return this.#http.ip;
  }

  get log(): Logger {
    return this.#log.withCorrelation(this.correlation);
  }

  get signal(): AbortSignal {
    return this.#http.state.request.signal;
  }
}

/** Makes the contexts of managers: one place for requests, workers and tests. */
export interface ContextFactory {
  forRequest(http: AppContext<Actor>): ManagerContext;
  /** The context of what the service does by itself. */
  forSystem(correlation: string, signal?: AbortSignal): ManagerContext;
  /** The context of a caller who came by no request. */
  forActor(actor: Actor | null, correlation: string, signal?: AbortSignal): ManagerContext;
}

/** Gives the factory of contexts over what all of them share. */
export function createContextFactory(shared: Shared): ContextFactory {
  const forActor = (
    actor: Actor | null,
    correlation: string,
    signal = new AbortController().signal,
  ): ManagerContext => ({
    ...shared,
    correlation,
    actor,
    address: 'local',
    log: shared.log.withCorrelation(correlation),
    signal,
  });
  return {
    forRequest: http => new RequestManagerContext(http, shared),
    forSystem: (correlation, signal) => forActor(systemActor, correlation, signal),
    forActor,
  };
}
