import { describe, expect, it } from '@jest/globals';
import { createActor } from '../test/support/manager-world.ts';
import { useManagerWorld } from '../test/support/use-manager-world.ts';
import { createLog } from '../lib/log.ts';
import { type AppContext } from '../lib/middlewares/request-state.ts';
import { type ContextFactory, createContextFactory } from './context-factory.ts';
import { type Actor } from './policy.ts';

describe('the contexts of managers', () => {
  const suite = useManagerWorld();
  const lines: Record<string, unknown>[] = [];
  const create = (): ContextFactory => {
    const { datastore, service, clock } = suite.world.createContext();
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    const { Log } = createLog({ level: 'debug', environment: 'test', destination });
    return createContextFactory({ datastore, service, clock, log: Log('app/managers') });
  };
  /** What of a request its context reads. */
  const createRequest = (actor: Actor | null): { http: AppContext<Actor>; controller: AbortController } => {
    const controller = new AbortController();
    const state = { correlation: 'c-1', actor, request: { signal: controller.signal } };
    return { http: { state, ip: '203.0.113.9' } as unknown as AppContext<Actor>, controller };
  };

  it('of a request carry its caller, address, correlation and end', () => {
    const actor = createActor('read');
    const { http, controller } = createRequest(actor);
    const ctx = create().forRequest(http);
    expect(ctx).toMatchObject({ correlation: 'c-1', actor });
    expect(ctx.address).toBe('203.0.113.9');
    expect(ctx.signal.aborted).toBe(false);
    controller.abort();
    expect(ctx.signal.aborted).toBe(true);
  });

  it('of the public have no actor', () => {
    expect(create().forRequest(createRequest(null).http).actor).toBeNull();
  });

  it('of the service itself may do everything, by nobody’s token', () => {
    const ctx = create().forSystem('c-2');
    expect(ctx).toMatchObject({ correlation: 'c-2', actor: { userId: 'system', supreme: true }, address: 'local' });
    expect(ctx.signal.aborted).toBe(false);
  });

  it('of an actor who came by no request are the same, with the signal that is given', () => {
    const actor = createActor('update');
    const { signal } = new AbortController();
    expect(create().forActor(actor, 'c-3', signal)).toMatchObject({ correlation: 'c-3', actor, signal });
    expect(create().forActor(null, 'c-4').actor).toBeNull();
  });

  it('share datastores, services and the clock, and log under their correlation', () => {
    const factory = create();
    const contexts = [
      factory.forRequest(createRequest(null).http),
      factory.forSystem('c-2'),
      factory.forActor(null, 'c-3'),
    ];
    const { datastore, service, clock } = suite.world.createContext();
    lines.length = 0;
    for (const ctx of contexts) {
      expect(ctx.datastore).toBe(datastore);
      expect(ctx.service.campaignCache).toBe(service.campaignCache);
      expect(ctx.clock()).toEqual(clock());
      ctx.log.info('told');
    }
    expect(lines.map(({ correlation, path, message }) => [correlation, path, message])).toEqual([
      ['c-1', 'app/managers', 'told'],
      ['c-2', 'app/managers', 'told'],
      ['c-3', 'app/managers', 'told'],
    ]);
  });
});
