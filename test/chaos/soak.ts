import { startTestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';
import { createRandom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { startChannelLoad } from './channel-load.ts';
import { type ChannelProof, proveChannel } from './channel-proof.ts';
import { measureMemory } from './slow-readers.ts';

/** What is in use between two rounds, when nobody is connected. */
export interface SoakFigures {
  readonly atSeconds: number;
  readonly memoryMb: number;
  /** Sockets, timers and what else keeps a process alive. */
  readonly handles: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly acknowledged: number;
  readonly faults: number;
}

/** Rounds that fill what is kept for speed alone. */
const WARM_UP = 2;

/**
 * Has clients come, work and go, round after round on new campaigns, for so long at least. `onRound` is given the figures
 * after each: the second is what later ones must come back to. Gives the proofs of the rounds in which something was wrong.
 */
export async function runSoak({
  seed,
  seconds,
  updates = 400,
  onRound,
}: {
  readonly seed: number;
  readonly seconds: number;
  readonly updates?: number;
  readonly onRound: (figures: SoakFigures) => void;
}): Promise<{ readonly broken: readonly ChannelProof[]; readonly baseline: SoakFigures; readonly last: SoakFigures }> {
  const random = createRandom(seed);
  const variables = {
    LOG_LEVEL: 'error',
    CAMPAIGN_STATE_IDLE_MS: '1000',
    CAMPAIGN_STATE_MAX_CAMPAIGNS: '10',
    // What is kept for speed alone is bounded: by so little here that it is full after the first rounds.
    DATA_CACHE_BYTES: '65536',
    CAMPAIGN_CACHE_MAX_BYTES: '1048576',
  };
  const test = await startTestApp({ time: 'real', variables });
  const startedAt = performance.now();
  const broken: ChannelProof[] = [];
  const all: SoakFigures[] = [];
  const read = async (name: string): Promise<number> => {
    const { text } = await test.client.get('/metrics');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
  };

  const playRound = async (): Promise<number> => {
    const campaignIds = [(await createCampaign(test.client))._id, (await createCampaign(test.client))._id] as const;
    const load = startChannelLoad({ url: test.url, campaignIds, random: random.fork(), pauseMs: 5 });
    for (let part = 0; part < 4; part += 1) {
      await load.progress(updates / 4);
      for (const driver of load.drivers) if (random.oneIn(3)) driver.drop();
    }
    await load.settle();
    load.close();
    const { stateJournal: journal, stateSnapshots: snapshots } = test.app.datastores;
    const complaints = test.logs.map(line => JSON.stringify(line));
    const proof = await proveChannel(load, { journal, snapshots }, campaignIds, complaints);
    const { faults, journalFaults, surprises } = proof;
    if (faults.length + journalFaults.length + surprises.length + complaints.length > 0) broken.push(proof);
    return load.acknowledged;
  };

  try {
    let acknowledged = 0;
    const isOver = (): boolean => all.length > WARM_UP && performance.now() - startedAt > seconds * 1000;
    while (!isOver()) {
      acknowledged += await playRound();
      const connections = await until(
        () => read('channel_connections'),
        count => count === 0,
      );
      const figures = {
        atSeconds: Math.round((performance.now() - startedAt) / 1000),
        memoryMb: Math.round(measureMemory() / 2 ** 20),
        handles: process.getActiveResourcesInfo().length,
        connections,
        subscriptions: await read('channel_subscriptions'),
        acknowledged,
        faults: broken.length,
      };
      onRound(figures);
      all.push(figures);
    }
    return { broken, baseline: all[WARM_UP - 1] as SoakFigures, last: all.at(-1) as SoakFigures };
  } finally {
    await test.stop();
  }
}
