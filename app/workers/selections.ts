import { randomUUID } from 'node:crypto';
import { type SQSClient } from '@aws-sdk/client-sqs';
import { type FromSchema } from 'json-schema-to-ts';
import { type Log } from '../../lib/log.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { refreshSelectionsMessage } from '../../schemas/campaign-stream-message.ts';
import { type ContextFactory } from '../context-factory.ts';
import { refreshSelection, refreshSelections } from '../managers/markets/selection.ts';
import { createQueueConsumer } from '../services/queue-consumer.ts';

export interface SelectionsWorkerOptions {
  readonly contexts: Pick<ContextFactory, 'forSystem'>;
  readonly log: Log;
  /** The queue of messages that ask for a selection; null where there is none. */
  readonly queue: { readonly url: string; readonly connect: () => Promise<SQSClient> } | null;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  /** How often selections are looked for that wait for their campaign to close, in milliseconds. */
  readonly intervalMs: number;
}

/** Keeps the selections of markets where they should be. */
export interface SelectionsWorker {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Makes the worker of selections. It does what messages ask for at once, and looks now and then for selections that wait
 * for their campaign to close, of which no message tells. Several may run: each write is guarded, and repeats do no harm.
 */
export function createSelectionsWorker(options: SelectionsWorkerOptions): SelectionsWorker {
  const { contexts, queue, waitSeconds, visibilitySeconds, intervalMs } = options;
  const log = options.log('app/workers/selections');
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const consumer =
    queue &&
    createQueueConsumer({
      queueUrl: queue.url,
      connect: queue.connect,
      waitSeconds,
      visibilitySeconds,
      log,
      async handle({ body }) {
        const request = readRequest(body);
        const ctx = contexts.forSystem(request.correlation);
        // A market that is gone needs no selection: the message has done its duty.
        if (!(await refreshSelection(ctx, request.marketId))) ctx.log.debug('selection.withoutMarket', request);
      },
    });

  const look = async (): Promise<void> => {
    try {
      await refreshSelections(contexts.forSystem(randomUUID(), stopping.signal));
    } catch (error) {
      log.warn('selections.notLookedFor', { error });
    }
    plan();
  };
  const plan = (): void => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = look();
    }, intervalMs);
  };

  return {
    start() {
      consumer?.start();
      plan();
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await Promise.all([consumer?.stop(), running]);
    },
  };
}

/** What the worker reads of a message; the rest may grow. */
const { schema, schemaVersion, marketId, correlation } = refreshSelectionsMessage.properties;
const requestSchema = {
  type: 'object',
  description: 'What the worker reads of a message.',
  required: ['schema', 'schemaVersion', 'marketId', 'correlation'],
  properties: { schema, schemaVersion, marketId, correlation },
} as const;
type SelectionRequest = FromSchema<typeof requestSchema>;
const validator: Validator<SelectionRequest> = createValidator(requestSchema);

/** Reads a message. Throws `SyntaxError` and `ValidationError`: it will end among the dead letters. */
function readRequest(body: string): SelectionRequest {
  const message: unknown = JSON.parse(body);
  validator.throwIfInvalid(message);
  return message;
}
