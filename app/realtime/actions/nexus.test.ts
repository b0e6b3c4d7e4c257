import { describe, expect, it } from '@jest/globals';
import { systemActor } from '../../system-actor.ts';
import { type ActionRequest, type Bus } from '../bus.ts';
import { type Connection } from '../connection.ts';
import { requests } from '../declarations.ts';
import { createEvent, type Envelope } from '../envelope.ts';
import { type Registrar } from '../registrar.ts';
import { registerNexusActions } from './nexus.ts';

type Handler = (event: Envelope) => void | Promise<void>;

describe('one who listens to events', () => {
  it('is sent several at a time, and the next one when one of them has left', async () => {
    const handlers: Handler[] = [];
    const leaving: (() => void)[] = [];
    let listen: ((payload: unknown, request: ActionRequest, campaignId: string) => Promise<unknown>) | undefined;
    const bus = {
      registerAction: () => undefined,
      subscribe: (_pattern: string, handler: Handler) => {
        handlers.push(handler);
        return () => undefined;
      },
    };
    const registrar = {
      request(declaration: unknown, handler: typeof listen) {
        if (declaration === requests.listen) listen = handler;
      },
    };
    registerNexusActions(registrar as unknown as Registrar, {
      bus: bus as unknown as Bus,
      campaignIds: { resolve: () => Promise.resolve('') },
      clock: () => new Date(0),
      maxPatterns: 1,
    });
    const connection = {
      actor: systemActor,
      onClose: () => () => undefined,
      send: (_frame: unknown, onSent: () => void) => void leaving.push(onSent),
    } as unknown as Connection;
    const caller = { actor: systemActor, connection, signal: new AbortController().signal };
    await listen?.({ types: ['*'] }, { caller } as unknown as ActionRequest, '');
    const metadata = { user: { userId: systemActor.userId } };
    const tell = () => handlers[0]?.(createEvent('test:thing:v1:success', {}, { metadata, at: new Date(0) }));

    let told = 1;
    let waiting = tell();
    while (waiting === undefined && told < 1_000) {
      waiting = tell();
      told += 1;
    }
    expect([told, leaving.length]).toEqual([32, 32]);
    let isNext = false;
    const next = Promise.resolve(waiting).then(() => (isNext = true));
    await new Promise(resolve => setImmediate(resolve));
    expect(isNext).toBe(false);
    leaving.shift()?.();
    await next;
    expect(isNext).toBe(true);
  });
});
