import path from 'node:path';
import { type Config } from '../../config/schema.ts';
import { type Tracing } from '../../lib/spans.ts';
import { type EffectName } from '../datastore/changes.ts';
import { type ContextFactory } from '../context-factory.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type AwsClients } from '../services/aws.ts';
import { createCampaignDataStream, STREAM_LIMITS } from '../services/campaign-data-stream.ts';
import { type Cdn, createCdn } from '../services/cdn.ts';
import { createLocalSink, type LocalSink } from '../services/local-sink.ts';
import { type MessageSender } from '../services/message-sender.ts';
import { createQueue } from '../services/queues.ts';
import { type Effect } from './effect.ts';
import { createLinkedCampaignsEffect } from './linked-campaigns-effect.ts';
import { createMessageEffect } from './message-effect.ts';
import {
  createPipelineMessages,
  createRefreshSelectionsMessages,
  createStreamMessages,
  type MessageMaker,
} from './messages.ts';
import { createPurgeEffect } from './purge-effect.ts';
import { createStateBroadcastEffect } from './state-broadcast-effect.ts';
import { type CampaignStateManager } from '../realtime/state/campaign-state-manager.ts';

export interface EffectDependencies {
  readonly datastores: Pick<Datastores, 'campaigns' | 'markets'>;
  readonly aws: Pick<AwsClients, 'kinesis' | 'sqs'>;
  /** Makes the context of what the service does by itself. */
  readonly createContext: ContextFactory['forSystem'];
  /** Null when live states are switched off. */
  readonly states: Pick<CampaignStateManager, 'writeSection' | 'selectLive'> | null;
  readonly clock: () => Date;
  readonly tracing: Tracing | null;
}

const OFF = 'off';
/** How large a file of deliveries grows before it begins anew. */
const SINK_MAX_BYTES = 10 * 1024 * 1024;
/** Ten requests to a queue. */
const QUEUE_BATCH_SIZE = 100;

/**
 * Makes the effects that are delivered to other systems: for each target that is named a client of it, for each that is
 * not named (in development alone: elsewhere the configuration is refused) a file in `<DATA_DIR>/deliveries`. A target
 * that is `off` has no effect. Linked campaigns are always there, and live states unless they are switched off: they are
 * the service's own.
 */
export function createEffects(config: Config, dependencies: EffectDependencies): readonly Effect[] {
  const { datastores, aws, createContext, states, clock, tracing } = dependencies;
  const { attempts, backoffMs, maxBackoffMs } = config.deliveries;
  const patience = { attempts, backoff: { baseMs: backoffMs, maxMs: maxBackoffMs } };
  const ofStream = createStreamMessages(datastores);
  return [
    ...createStreamEffect('kinesisCampaign', config.kinesis.campaignStream),
    ...createQueueEffect('sqsDataPipeline', config.sqs.dataPipelineQueueUrl, createPipelineMessages),
    ...createQueueEffect('sqsRefreshSelections', config.sqs.refreshSelectionsQueueUrl, createRefreshSelectionsMessages),
    ...createStreamEffect('kinesisAttendance', config.kinesis.attendanceStream),
    ...createFastlyEffect(),
    ...(states === null ? [] : [createStateBroadcastEffect({ ...datastores, states, clock, patience })]),
    createLinkedCampaignsEffect({ createContext, ...patience }),
  ];

  function openSink(name: EffectName): LocalSink {
    const file = path.join(config.database.directory, 'deliveries', `${name}.ndjson`);
    return createLocalSink({ file, maxBytes: SINK_MAX_BYTES });
  }

  function createStreamEffect(name: EffectName, stream: string | undefined): Effect[] {
    if (stream === OFF) return [];
    const sender =
      stream === undefined
        ? createLocalSender(openSink(name))
        : createCampaignDataStream({ stream, connect: () => aws.kinesis() });
    const batchSize = STREAM_LIMITS.maxCount;
    return [
      createMessageEffect({ name, span: 'hook.kinesis', batchSize, makeMessages: ofStream, sender, patience, tracing }),
    ];
  }

  function createQueueEffect(name: EffectName, queueUrl: string | undefined, makeMessages: MessageMaker): Effect[] {
    if (queueUrl === OFF) return [];
    const sender =
      queueUrl === undefined ? createLocalSender(openSink(name)) : createQueue({ queueUrl, connect: () => aws.sqs() });
    return [
      createMessageEffect({
        name,
        span: 'hook.sqs',
        batchSize: QUEUE_BATCH_SIZE,
        makeMessages,
        sender,
        patience,
        tracing,
      }),
    ];
  }

  function createFastlyEffect(): Effect[] {
    const { serviceId } = config.fastly;
    if (serviceId === OFF) return [];
    const cdn =
      serviceId === undefined ? createLocalCdn(openSink('fastlyPurge')) : createCdn({ ...config.fastly, serviceId });
    return [createPurgeEffect({ campaigns: datastores.campaigns, cdn, patience, tracing })];
  }
}

/** Writes messages down as they would be sent. */
function createLocalSender(sink: LocalSink): MessageSender {
  return {
    async send(messages) {
      await sink.append(
        messages.map(({ campaignId, attributes, body }) => ({
          key: campaignId,
          attributes,
          body: JSON.parse(body) as unknown,
        })),
      );
      return new Map();
    },
  };
}

/** Writes purges down as they would be asked for. */
function createLocalCdn(sink: LocalSink): Cdn {
  return {
    async purge(targets) {
      await sink.append(targets);
      return new Map();
    },
  };
}
