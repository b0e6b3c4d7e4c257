import { randomUUID } from 'node:crypto';
import { type Log } from '../../../lib/log.ts';
import { type ChangeFollower, type EffectName } from '../../datastore/changes.ts';
import { systemTimer, type Timer } from '../../datastore/deadline.ts';
import { type DeliveriesDatastore } from '../../datastore/deliveries.ts';
import { type Locks } from '../../datastore/locks.ts';
import { type Effect } from '../effect.ts';
import { type CircuitName, createCircuit } from './circuit.ts';
import { createLane, type Lane, type LaneMetrics, type LaneOptions } from './lane.ts';
import { createLedger } from './ledger.ts';
import { createTerm } from './term.ts';
import { createWantedSelector } from './wanted.ts';

export interface DeliveriesOptions extends LaneOptions {
  /** For how long an instance has an effect to itself, unless it renews. */
  readonly leaseMs: number;
  readonly circuit: { readonly failures: number; readonly openMs: number; readonly maxOpenMs: number };
}

export interface DeliveriesMetrics {
  ofEffect(effect: EffectName): LaneMetrics & { circuitChanged(state: CircuitName): void };
}

export interface DeliveriesDependencies {
  readonly effects: readonly Effect[];
  readonly deliveries: DeliveriesDatastore;
  readonly locks: Pick<Locks, 'acquire' | 'renew' | 'release'>;
  readonly clock: () => Date;
  readonly timer?: Timer;
  readonly Log: Log;
  readonly metrics: DeliveriesMetrics;
  readonly options: DeliveriesOptions;
}

/** Brings recorded changes to the systems around the service: each at least once, and those of a document in order. */
export interface Deliveries extends ChangeFollower {
  /** The effects that are switched on. */
  readonly effects: readonly EffectName[];
  isEnabled(effect: EffectName): boolean;
  /** The circuit of an effect, as this process sees its target; undefined for one that is switched off. */
  circuitOf(effect: EffectName): CircuitName | undefined;
  /** Begins to deliver. Until then, and in processes that never do, changes wait in the database. */
  start(): void;
  /** Keeps the leases and looks once for what is due. */
  poll(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Begins nothing new, and resolves when what is under way has ended. What is left is delivered by whoever comes next. */
  stop(): Promise<void>;
}

/** Effects of one change end about as far apart. It is short, since the next change of a document waits for it. */
const LEDGER_GATHER_MS = 10;

/** Makes the deliveries of this process, a lane for each effect: one that fails delays only itself. */
export function createDeliveries(dependencies: DeliveriesDependencies): Deliveries {
  const { effects, deliveries, locks, clock, timer = systemTimer, Log, metrics, options } = dependencies;
  const owner = randomUUID();
  const log = Log('app/hooks/delivery');
  const ledger = createLedger({ deliveries, timer, log, gatherMs: Math.min(options.gatherMs ?? 0, LEDGER_GATHER_MS) });
  const stopping = new AbortController();
  let loops: Promise<void>[] = [];

  const lanes = new Map(
    effects.map(effect => {
      const measured = metrics.ofEffect(effect.name);
      const circuit = createCircuit({
        ...options.circuit,
        onChange: state => {
          measured.circuitChanged(state);
          if (state !== 'halfOpen') log.warn('deliveries.circuit', { effect: effect.name, state });
        },
      });
      const term = createTerm({
        locks,
        name: `deliveries/${effect.name}`,
        owner,
        leaseMs: options.leaseMs,
        clock,
        log,
      });
      const lane = createLane({
        effect,
        deliveries,
        ledger,
        term,
        circuit,
        clock,
        timer,
        log,
        metrics: measured,
        options,
      });
      return [effect.name, { lane, circuit }];
    }),
  );
  const all = (): Lane[] => [...lanes.values()].map(({ lane }) => lane);

  const pollUntilStopped = async (lane: Lane): Promise<void> => {
    while (!stopping.signal.aborted) {
      await lane.poll();
      // Not all at once, and not all instances at once.
      await timer.wait(options.pollIntervalMs * (0.75 + Math.random() / 2), stopping.signal);
    }
  };

  return {
    effects: [...lanes.keys()],
    isEnabled: effect => lanes.has(effect),
    selectWanted: createWantedSelector(effects, log),
    onRecorded(records) {
      for (const lane of all()) lane.offer(records);
    },
    circuitOf: effect => lanes.get(effect)?.circuit.state,
    start() {
      if (loops.length === 0) loops = all().map(pollUntilStopped);
    },
    async poll() {
      await Promise.all(all().map(lane => lane.poll()));
    },
    async idle() {
      await Promise.all(all().map(lane => lane.idle()));
    },
    async stop() {
      stopping.abort();
      ledger.giveUp();
      await Promise.all(loops);
      await Promise.all(all().map(lane => lane.stop()));
    },
  };
}
