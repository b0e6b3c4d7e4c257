import { type Metrics } from '../lib/metrics.ts';
import { type BusMetrics } from './realtime/bus.ts';
import { type StateObserver } from './realtime/state/live-campaign.ts';
import { type StreamMetrics } from './realtime/streams.ts';

/** The metrics of live states and of those who are connected to them. */
export interface RealtimeMetrics {
  readonly bus: BusMetrics;
  readonly state: StateObserver;
  readonly connection: (outcome: 'opened' | 'closed' | 'refused') => void;
  /** A stream of server-sent events came or went, was cut off or refused. */
  readonly eventStream: (outcome: 'opened' | 'closed' | 'slow' | 'refused') => void;
  readonly slow: (action: 'coalesced' | 'closed') => void;
  readonly streams: StreamMetrics;
  /** Shows how many there are, at each scrape. */
  watch(counts: {
    readonly connections: () => number;
    readonly subscriptions: () => number;
    readonly streams: () => number;
    /** The live states in memory, the updates that wait to be written, and about how much memory all of it takes. */
    readonly states: () => { readonly campaigns: number; readonly pending: number; readonly bytes: number };
  }): void;
}

const COMMIT_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128];

/** Registers the metrics of live states. Their label `type` is one of the requests that there are. */
export function createRealtimeMetrics(metrics: Metrics): RealtimeMetrics {
  const requests = metrics.histogram({
    name: 'channel_request_duration_seconds',
    help: 'How long requests over the channel take, by type and outcome.',
    labels: ['type', 'outcome'],
  });
  const requestsOf = new Map<string, ReturnType<typeof requests.labels>>();
  const dropped = metrics.counter({
    name: 'events_dropped_total',
    help: 'Events that a full queue of the event bus dropped, by type.',
    labels: ['type'],
  });
  const failed = metrics.counter({
    name: 'event_handlers_failed_total',
    help: 'Handlers of events that threw, by type.',
    labels: ['type'],
  });
  const connections = metrics.counter({
    name: 'channel_connections_total',
    help: 'Connections that were opened, closed or refused.',
    labels: ['outcome'],
  });
  const eventStreams = metrics.counter({
    name: 'event_streams_total',
    help: 'Streams of server-sent events that were opened, closed, cut off since nobody read them, or refused.',
    labels: ['outcome'],
  });
  const slow = metrics.counter({
    name: 'channel_slow_subscribers_total',
    help: 'Subscribers that did not read in time: given a snapshot instead of what they missed, or closed.',
    labels: ['action'],
  });
  const items = metrics.counter({
    name: 'channel_stream_items_total',
    help: 'Items that streams sent, by the request that they answer.',
    labels: ['type'],
  });
  const commits = metrics.histogram({
    name: 'state_commit_duration_seconds',
    help: 'How long writes of versions to the journal take.',
  });
  const sizes = metrics.histogram({
    name: 'state_commit_versions',
    help: 'How many versions are written to the journal together.',
    buckets: COMMIT_BUCKETS,
  });
  const contended = metrics.counter({
    name: 'state_commits_contended_total',
    help: 'Writes to the journal before which another instance came.',
  });
  const taken = metrics.counter({
    name: 'state_documents_taken_total',
    help: 'Documents of the journal that other instances wrote, by where they were taken from.',
    labels: ['from'],
  });
  const snapshots = metrics.counter({
    name: 'state_snapshots_total',
    help: 'Snapshots of live states that were written.',
  });
  const refused = metrics.counter({
    name: 'state_updates_refused_total',
    help: 'Updates of live states that were refused, by type of error.',
    labels: ['type'],
  });
  return {
    bus: {
      handled(type, outcome, seconds) {
        // Children are looked up once: to find one by its labels costs more than to count.
        const key = `${type} ${outcome}`;
        let child = requestsOf.get(key);
        if (child === undefined) requestsOf.set(key, (child = requests.labels(type, outcome)));
        child.observe(seconds);
      },
      dropped: type => dropped.inc({ type }),
      failed: type => failed.inc({ type }),
    },
    state: {
      onCommitted(changes, durationMs, attempts) {
        commits.observe(durationMs / 1000);
        sizes.observe(changes);
        if (attempts > 1) contended.inc();
      },
      onRefused: type => refused.inc({ type }),
      onSnapshot: () => snapshots.inc(),
      onTaken: from => taken.inc({ from }),
    },
    connection: outcome => connections.inc({ outcome }),
    eventStream: outcome => eventStreams.inc({ outcome }),
    slow: action => slow.inc({ action }),
    streams: { item: type => items.inc({ type }), slow: action => slow.inc({ action }) },
    watch(counts) {
      metrics.gauge({ name: 'channel_connections', help: 'Connections that are open.' }, gauge =>
        gauge.set(counts.connections()),
      );
      metrics.gauge({ name: 'channel_subscriptions', help: 'Subscriptions to campaigns.' }, gauge =>
        gauge.set(counts.subscriptions()),
      );
      metrics.gauge({ name: 'channel_streams', help: 'Streams that are open.' }, gauge => gauge.set(counts.streams()));
      metrics.gauge({ name: 'state_campaigns', help: 'Live states in memory.' }, gauge =>
        gauge.set(counts.states().campaigns),
      );
      metrics.gauge({ name: 'state_updates_pending', help: 'Updates of live states that wait to be written.' }, gauge =>
        gauge.set(counts.states().pending),
      );
      metrics.gauge({ name: 'state_memory_bytes', help: 'How much memory live states take, about.' }, gauge =>
        gauge.set(counts.states().bytes),
      );
    },
  };
}
