import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is a good one, and gives it. The test's own time-out ends the waiting. */
export async function until<T>(ask: () => Promise<T> | T, isGood: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    await sleep(10);
  }
}
