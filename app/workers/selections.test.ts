import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createId } from '../../lib/ids.ts';
import { silentLog } from '../../lib/log.ts';
import { supreme } from '../../test/support/manager-world.ts';
import { startSqs, type TestSqs } from '../../test/support/sqs.ts';
import { until } from '../../test/support/until.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { applyUpdate } from '../managers/campaigns/update.ts';
import { systemActor } from '../system-actor.ts';
import { createSelectionsWorker, type SelectionsWorker } from './selections.ts';

describe('the worker of selections', () => {
  const suite = useManagerWorld();
  const held: { sqs?: TestSqs; worker?: SelectionsWorker } = {};
  let queueUrl: string;
  let deadUrl: string;
  const sqs = (): TestSqs => {
    if (held.sqs === undefined) throw new Error('The queue is not there.');
    return held.sqs;
  };
  beforeAll(async () => {
    held.sqs = await startSqs();
  });
  afterAll(() => held.sqs?.stop());
  beforeEach(async () => {
    const name = createId();
    deadUrl = await sqs().createQueue(`${name}-dead`);
    const arn = await sqs().client.send(
      new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['QueueArn'] }),
    );
    queueUrl = await sqs().createQueue(name, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn.Attributes?.['QueueArn'], maxReceiveCount: 2 }),
    });
  });
  afterEach(() => held.worker?.stop());

  const start = (options: Partial<Parameters<typeof createSelectionsWorker>[0]> = {}): SelectionsWorker => {
    held.worker = createSelectionsWorker({
      contexts: { forSystem: correlation => ({ ...suite.world.createContext(systemActor), correlation }) },
      log: silentLog,
      queue: { url: queueUrl, connect: () => Promise.resolve(sqs().client) },
      waitSeconds: 1,
      visibilitySeconds: 30,
      intervalMs: 600_000,
      ...options,
    });
    held.worker.start();
    return held.worker;
  };
  const insertMarket = async (): Promise<string> => {
    const { _id } = await suite.insert({ status: 'OPEN' });
    const body = { name: createId(), event: { presaleDateTime: '2026-04-01T12:00:00.000Z' } };
    const { _id: marketId } = await marketManager.create(suite.world.createContext(supreme), _id, body);
    await applyUpdate(suite.world.createContext(systemActor), _id, now => ({ ...now, status: 'CLOSED' }), {
      by: 'system',
    });
    return marketId;
  };
  const messageOf = (marketId: string) => ({
    schema: 'refreshSelectionsMessage',
    schemaVersion: 1,
    marketId,
    correlation: 'asked',
    later: 1,
  });
  const send = (body: unknown) =>
    sqs().client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    );
  const count = async (url: string): Promise<number> => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs().client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...AttributeNames] }),
    );
    return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  };
  const selectionOf = async (marketId: string) =>
    (await suite.world.datastores.markets.findById(marketId))?.selection.status;

  it('does what a message asks for, once however often it comes, and takes it from the queue', async () => {
    const marketId = await insertMarket();
    for (let copy = 0; copy < 3; copy += 1) await send(messageOf(marketId));
    await send(messageOf(createId()));
    start();
    await until(
      () => count(queueUrl),
      left => left === 0,
    );
    await expect(selectionOf(marketId)).resolves.toBe('ready');
    const changes = (await suite.world.findChanges(marketId)).filter(({ cause }) => cause === 'market.selection');
    expect(changes.map(({ correlation }) => correlation)).toEqual(['asked', 'asked']);
  });

  it.each([
    ['is no JSON', 'not { JSON'],
    ['is of another schema', { ...messageOf(createId()), schemaVersion: 2 }],
    ['names no market', { ...messageOf('none') }],
  ])('leaves a message that %s to the dead letters, and serves those behind it', async (_title, poison) => {
    const marketId = await insertMarket();
    await send(poison);
    await send(messageOf(marketId));
    start();
    await until(
      async () => [await count(deadUrl), await count(queueUrl)],
      ([dead, left]) => dead === 1 && left === 0,
    );
    await expect(selectionOf(marketId)).resolves.toBe('ready');
    await expect(
      sqs()
        .receiveAll(deadUrl)
        .catch(() => 'no JSON'),
    ).resolves.toBeDefined();
  });

  it('keeps a message to itself for as long as it takes', async () => {
    const marketId = await insertMarket();
    await send(messageOf(marketId));
    const gate: { open?: () => void; entered: number } = { entered: 0 };
    const proxied = new SQSClient({
      endpoint: sqs().endpoint,
      region: 'us-east-1',
      requestHandler: new NodeHttpHandler(),
      useQueueUrlAsEndpoint: false,
    });
    const { markets } = suite.world.datastores;
    const findById: typeof markets.findById = async id => {
      gate.entered += 1;
      if (gate.entered === 1) await new Promise<void>(resolve => (gate.open = resolve));
      return markets.findById(id);
    };
    const ctx = suite.world.createContext(systemActor);
    start({
      visibilitySeconds: 2,
      queue: { url: queueUrl, connect: () => Promise.resolve(proxied) },
      contexts: { forSystem: () => ({ ...ctx, datastore: { ...ctx.datastore, markets: { ...markets, findById } } }) },
    });
    await until(
      () => gate.entered,
      entered => entered === 1,
    );
    // Longer than the message would be hidden without being extended.
    const extensions = () => sqs().proxy.calls.filter(({ action }) => action === 'ChangeMessageVisibility').length;
    await until(extensions, count => count >= 3);
    await expect(sqs().receiveAll(queueUrl)).resolves.toEqual([]);
    gate.open?.();
    await until(
      () => count(queueUrl),
      left => left === 0,
    );
    expect(await selectionOf(marketId)).toBe('ready');
    proxied.destroy();
  });

  it('finishes what it has taken when it is stopped, and takes no more', async () => {
    const marketId = await insertMarket();
    await send(messageOf(marketId));
    const gate: { open?: () => void } = {};
    const { markets } = suite.world.datastores;
    const findById: typeof markets.findById = async id => {
      if (gate.open === undefined) await new Promise<void>(resolve => (gate.open = resolve));
      return markets.findById(id);
    };
    const ctx = suite.world.createContext(systemActor);
    const worker = start({
      contexts: { forSystem: () => ({ ...ctx, datastore: { ...ctx.datastore, markets: { ...markets, findById } } }) },
    });
    await until(
      () => gate.open,
      open => open !== undefined,
    );
    const stopped = worker.stop();
    await send(messageOf(await insertMarket()));
    gate.open?.();
    await stopped;
    await expect(selectionOf(marketId)).resolves.toBe('ready');
    await expect(count(queueUrl)).resolves.toBe(1);
  });

  it('goes on when the queue has been away', async () => {
    const marketId = await insertMarket();
    let isAway = true;
    start({
      queue: {
        url: queueUrl,
        connect: async () => {
          if (isAway) throw new Error('away');
          return sqs().client;
        },
      },
    });
    await send(messageOf(marketId));
    isAway = false;
    await until(
      () => selectionOf(marketId),
      status => status === 'ready',
    );
  });

  it('looks for selections that no message tells of, also without a queue', async () => {
    const marketId = await insertMarket();
    start({ queue: null, intervalMs: 10 });
    await until(
      () => selectionOf(marketId),
      status => status === 'ready',
    );
  });
});
