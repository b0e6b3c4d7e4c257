import { describe, expect, it } from '@jest/globals';
import { createKeyedQueue } from './keyed-queue.ts';

function createGate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>(resolve => (open = resolve));
  return { open: () => open(), passed };
}

describe('the keyed queue', () => {
  it('runs what has one key one after another, in order', async () => {
    const queue = createKeyedQueue();
    const gate = createGate();
    const events: string[] = [];
    const first = queue.run('a', async () => {
      events.push('first begins');
      await gate.passed;
      events.push('first ends');
    });
    const second = queue.run('a', async () => void events.push('second'));
    const third = queue.run('a', async () => void events.push('third'));
    await queue.run('b', async () => void events.push('other key'));
    gate.open();
    await Promise.all([first, second, third]);
    expect(events).toEqual(['first begins', 'other key', 'first ends', 'second', 'third']);
  });

  it('gives each caller its own result or failure, and goes on after a failure', async () => {
    const queue = createKeyedQueue();
    const failing = queue.run('a', () => Promise.reject(new Error('no')));
    const after = queue.run('a', async () => 2);
    await expect(failing).rejects.toThrow('no');
    await expect(after).resolves.toBe(2);
    await expect(queue.run('a', async () => 3)).resolves.toBe(3);
  });

  it('never runs two of one key at once, whatever comes when', async () => {
    const queue = createKeyedQueue();
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise(resolve => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        for (let turn = 0; turn < index % 5; turn += 1) await Promise.resolve();
        await queue.run('a', work);
      }),
    );
    expect(most).toBe(1);
  });
});
