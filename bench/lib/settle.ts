import { type DeliveryTally, type Usage } from './protocol.ts';
import { type ServerProcess } from './server-process.ts';
import { countWaiting } from './tally.ts';

const LOOK_EVERY_MS = 20;
const STALLED_AFTER_MS = 60_000;

/** Reads the tally of a server that has one. Throws for another. */
export function selectTally({ tally }: Usage): DeliveryTally {
  if (tally === undefined) throw new Error('The server does not say what it delivers.');
  return tally;
}

/**
 * Waits until a service has delivered all that it recorded, `backlog` having been there before. Gives its usage then.
 * Throws when nothing was delivered for a minute.
 */
export async function settle(server: Pick<ServerProcess, 'usage'>, backlog = 0): Promise<Usage> {
  let last: { readonly text: string; readonly at: number } | undefined;
  for (;;) {
    const usage = await server.usage();
    const tally = selectTally(usage);
    const text = JSON.stringify(tally);
    const now = performance.now();
    // Twice the same: what was written last may not be recorded yet at the first look.
    if (countWaiting(tally, backlog) === 0 && last?.text === text) return usage;
    if (last?.text !== text) last = { text, at: now };
    if (now - last.at > STALLED_AFTER_MS) throw new Error(`Nothing was delivered for a minute: ${text}`);
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
