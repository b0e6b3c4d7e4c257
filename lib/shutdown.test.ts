import { describe, expect, it } from '@jest/globals';
import { createLog, silentLog } from './log.ts';
import { createShutdown, shutdownPhases } from './shutdown.ts';

const log = silentLog('test');

describe('the shutdown', () => {
  it('runs the phases in their order, whatever order they were registered in', async () => {
    const events: string[] = [];
    const shutdown = createShutdown({ log, timeoutMs: 1000 });
    for (const phase of shutdownPhases.toReversed()) {
      shutdown.add(phase, phase, async () => {
        await new Promise(resolve => setImmediate(resolve));
        events.push(phase);
      });
    }
    await expect(shutdown.run('SIGTERM')).resolves.toBe(0);
    expect(events).toEqual([
      'notReady',
      'stopAccepting',
      'closeSockets',
      'drainRequests',
      'drainWork',
      'closeClients',
      'flushLogs',
    ]);
  });

  it('runs the handlers of a phase at once', async () => {
    const shutdown = createShutdown({ log, timeoutMs: 1000 });
    let meet: () => void = () => undefined;
    const met = new Promise<void>(resolve => (meet = resolve));
    shutdown.add('drainWork', 'waits for the other', () => met);
    shutdown.add('drainWork', 'lets the other go on', () => meet());
    await expect(shutdown.run('test')).resolves.toBe(0);
  });

  it('runs once, and later calls get the same result', async () => {
    let count = 0;
    const shutdown = createShutdown({ log, timeoutMs: 1000 });
    shutdown.add('closeClients', 'counts', () => void (count += 1));
    await Promise.all([shutdown.run('SIGTERM'), shutdown.run('SIGINT')]);
    await shutdown.run('again');
    expect(count).toBe(1);
  });

  it('says why it began, and nothing when there is no reason', async () => {
    const lines: { message: string; data: unknown }[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
    const { Log } = createLog({ level: 'info', environment: 'test', destination });
    for (const reason of ['SIGTERM', undefined]) {
      await createShutdown({ log: Log('app/shutdown'), timeoutMs: 1000 }).run(reason);
    }
    expect(lines).toMatchObject([{ message: 'shutdown.began', data: { reason: 'SIGTERM' } }]);
  });

  it('goes on after a handler that fails, says which one, and exits with 1', async () => {
    const lines: string[] = [];
    const { Log } = createLog({
      level: 'error',
      environment: 'test',
      destination: { write: line => lines.push(line) },
    });
    const shutdown = createShutdown({ log: Log('app/shutdown'), timeoutMs: 1000 });
    const events: string[] = [];
    shutdown.add('drainWork', 'broken', () => Promise.reject(new Error('no')));
    shutdown.add('drainWork', 'throws', () => {
      throw new Error('no');
    });
    shutdown.add('closeClients', 'database', () => void events.push('closed'));
    await expect(shutdown.run('test')).resolves.toBe(1);
    expect(events).toEqual(['closed']);
    expect(lines.join()).toMatch(/"name":"throws"/);
    expect(lines.join()).toMatch(/"name":"broken"/);
  });

  it('keeps time for what closes after a handler that hangs', async () => {
    const events: string[] = [];
    const shutdown = createShutdown({ log, timeoutMs: 400 });
    shutdown.add('drainRequests', 'hangs', () => new Promise(() => undefined));
    shutdown.add('drainWork', 'hangs', () => new Promise(() => undefined));
    shutdown.add('closeClients', 'database', async (leftMs: number) => {
      await new Promise(resolve => setTimeout(resolve, 5));
      events.push(leftMs > 0 ? 'closed in time' : 'no time left');
    });
    shutdown.add('flushLogs', 'log', () => void events.push('flushed'));
    await expect(shutdown.run('test')).resolves.toBe(1);
    expect(events).toEqual(['closed in time', 'flushed']);
  });

  it('leaves a handler that hangs behind at the deadline, and still runs the rest', async () => {
    const events: string[] = [];
    const shutdown = createShutdown({ log, timeoutMs: 20 });
    shutdown.add('drainRequests', 'hangs', () => new Promise(() => undefined));
    shutdown.add('closeClients', 'database', () => void events.push('closed'));
    shutdown.add('flushLogs', 'log', () => void events.push('flushed'));
    await expect(shutdown.run('test')).resolves.toBe(1);
    expect(events).toEqual(['closed', 'flushed']);
  });
});
