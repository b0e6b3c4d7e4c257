import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { createTracing } from '../../lib/tracing.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { loadTestConfig } from '../../test/support/test-config.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { createAwsClients } from '../services/aws.ts';
import { systemActor } from '../system-actor.ts';
import { createEffects } from './create-effects.ts';
import { type Effect } from './effect.ts';
import { createPurgeEffect } from './purge-effect.ts';

const never = new AbortController().signal;
const at = new Date('2026-03-01T12:00:00Z');

describe('the effects of a configuration', () => {
  const suite = useManagerWorld();
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'effects-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const create = (
    variables: Readonly<Record<string, string>>,
    tracing: Parameters<typeof createEffects>[1]['tracing'] = null,
    states: Parameters<typeof createEffects>[1]['states'] = null,
  ): ReadonlyMap<string, Effect> => {
    const config = loadTestConfig({ DATA_DIR: directory, ...variables });
    const effects = createEffects(config, {
      datastores: suite.world.datastores,
      tracing,
      aws: createAwsClients(config),
      createContext: () => suite.world.createContext(systemActor),
      states,
      clock: () => new Date(),
    });
    return new Map(effects.map(effect => [effect.name, effect]));
  };
  const createChange = (fields: Partial<ChangeRecord> = {}): ChangeRecord => ({
    _id: 'change-1',
    collection: 'campaigns',
    documentId: 'a'.repeat(24),
    campaignId: 'a'.repeat(24),
    version: 3,
    cause: 'campaign.updated',
    effects: [],
    pending: [],
    by: 'somebody',
    correlation: 'c-1',
    at,
    diff: { before: {}, after: { name: 'New', password: '[redacted]', search: [] } },
    ...fields,
  });
  const readLines = async (name: string): Promise<unknown[]> =>
    (await readFile(path.join(directory, 'deliveries', `${name}.ndjson`), 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown);
  const development = { NODE_ENV: 'development' };

  it('are the linked campaigns alone where all targets are off', () => {
    expect([...create({}).keys()]).toEqual(['linkedCampaigns']);
  });

  it('are live states as well, unless they are switched off', () => {
    const states = {
      writeSection: () => Promise.resolve(null),
      selectLive: () => Promise.resolve(new Set<string>()),
    };
    expect([...create({}, null, states).keys()]).toEqual(['stateBroadcast', 'linkedCampaigns']);
  });

  it('are those of the targets that are not off, and connect to nothing before they are needed', () => {
    const named = {
      AWS_REGION: 'us-east-1',
      KINESIS_CAMPAIGN_STREAM: 'changes',
      SQS_REFRESH_SELECTIONS_QUEUE_URL: 'https://sqs.example/1/refresh',
      FASTLY_SERVICE_ID: 'abc',
      FASTLY_API_TOKEN: 'token',
    };
    const effects = create({ ...named, DELIVERIES_ATTEMPTS: '7', DELIVERIES_BACKOFF_MS: '3' });
    for (const { attempts, backoff } of effects.values()) {
      expect([attempts, backoff]).toEqual([7, { baseMs: 3, maxMs: 600_000 }]);
    }
    expect([...effects.keys()]).toEqual(['kinesisCampaign', 'sqsRefreshSelections', 'fastlyPurge', 'linkedCampaigns']);
    expect(effects.get('kinesisCampaign')?.batchSize).toBe(500);
  });

  it('write down in development what they would send', async () => {
    const campaign = await suite.insert({ domain: { site: 'new.example.com' }, password: 'scrypt$hash' });
    const effects = create(development);
    const change = createChange({ documentId: campaign._id, campaignId: campaign._id, version: 1, oldDomain: 'old' });
    for (const effect of effects.values()) expect(await effect.perform([change], never)).toEqual(new Map());
    expect((await readdir(path.join(directory, 'deliveries'))).sort()).toEqual(
      [...effects.keys()].flatMap(name => (name === 'linkedCampaigns' ? [] : `${name}.ndjson`)).sort(),
    );
    expect(await readLines('kinesisCampaign')).toMatchObject([
      {
        key: campaign._id,
        attributes: { correlation: 'c-1' },
        body: {
          schema: 'campaignStreamMessage',
          changeId: 'change-1',
          version: 1,
          changedFields: ['name'],
          documentVersion: 1,
          document: { _id: campaign._id, name: campaign.name, isPasswordProtected: true },
        },
      },
    ]);
    expect(JSON.stringify(await readLines('kinesisCampaign'))).not.toContain('scrypt');
    expect(await readLines('sqsDataPipeline')).toMatchObject([{ body: { schema: 'dataPipelineMessage' } }]);
    expect(await readLines('fastlyPurge')).toEqual([
      { key: `campaign/${campaign._id}` },
      { key: 'domain/new.example.com' },
      { key: 'domain/old' },
      { url: 'https://new.example.com/' },
    ]);
  });

  it('purge what several changes ask for once, and fail those whose pages are still there', async () => {
    const requests: unknown[] = [];
    const effect = createPurgeEffect({
      campaigns: suite.campaigns,
      tracing: null,
      patience: { attempts: 1, backoff: { baseMs: 1, maxMs: 1 } },
      cdn: {
        purge: async targets => {
          requests.push(targets);
          const url = targets.find(target => 'url' in target);
          return new Map(url && [[url, { error: new Error('away'), retryAfterMs: 7 }]]);
        },
      },
    });
    const one = createChange({ _id: 'one', oldDomain: 'old.example.com' });
    const two = createChange({ _id: 'two' });
    expect(await effect.perform([one, two], never)).toEqual(
      new Map([['one', { error: new Error('away'), retryAfterMs: 7 }]]),
    );
    const key = `campaign/${one.documentId}`;
    expect(requests).toEqual([[{ key }, { key: 'domain/old.example.com' }, { url: 'https://old.example.com/' }]]);
  });

  it('say in their messages which trace they belong to, and name the correlation in their span', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = await createTracing({ serviceName: 'test', sampleRatio: 1, exporter });
    await create(development, tracing).get('sqsDataPipeline')?.perform([createChange()], never);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'hook.sqs',
      attributes: { effect: 'sqsDataPipeline', 'messaging.batch.message_count': 1, correlation: 'c-1' },
    });
    const { traceId, spanId } = span?.spanContext() ?? {};
    const traceparent = `00-${traceId}-${spanId}-01`;
    expect(await readLines('sqsDataPipeline')).toMatchObject([
      { attributes: { correlation: 'c-1', traceparent }, body: { traceparent } },
    ]);
    await tracing?.shutdown();
  });
});
