import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { effectNames } from '../../app/datastore/changes.ts';
import { effectName } from '../../schemas/delivery.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';
import { type HttpStub, startHttpStub } from '../support/http-stub.ts';
import { createToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface State {
  readonly effects: readonly { readonly effect: string; readonly [field: string]: unknown }[];
  readonly dead: readonly {
    readonly changeId: string;
    readonly documentId: string;
    readonly [field: string]: unknown;
  }[];
}

describe('the administration of deliveries', () => {
  let fastly: HttpStub;
  let test: TestApp;
  beforeAll(async () => {
    fastly = await startHttpStub(() => ({ body: { status: 'ok' } }));
    test = await startTestApp({
      time: 'real',
      variables: {
        FASTLY_SERVICE_ID: 'service',
        FASTLY_API_TOKEN: 'token',
        FASTLY_API_URL: fastly.url,
        DELIVERIES_POLL_INTERVAL_MS: '20',
        DELIVERIES_BACKOFF_MS: '1',
        DELIVERIES_MAX_BACKOFF_MS: '5',
        DELIVERIES_ATTEMPTS: '2',
        DELIVERIES_CIRCUIT_FAILURES: '1000',
      },
    });
  });
  afterAll(async () => {
    await test.stop();
    await fastly.stop();
  });
  const find = async (query: Record<string, string> = {}): Promise<State> =>
    (await test.client.get<State>('/admin/deliveries', { query })).data;
  const stateOf = ({ effects }: State, name: string) => effects.find(({ effect }) => effect === name);

  it('shows what waits and what is dead, and has it delivered after a redrive', async () => {
    fastly.failAlways({ status: 500 });
    const campaign = await createCampaign(test.client);
    const state = await until(find, ({ dead }) => dead.length === 1);
    expect(state.effects.map(({ effect }) => effect)).toEqual([...effectNames]);
    expect(stateOf(state, 'fastlyPurge')).toMatchObject({
      isEnabled: true,
      pending: 0,
      due: 0,
      dead: 1,
      oldestAgeSeconds: null,
      circuit: 'closed',
    });
    expect(stateOf(state, 'kinesisCampaign')).toMatchObject({ isEnabled: false, pending: 0, dead: 0, circuit: null });
    expect(state.dead).toMatchObject([
      {
        documentId: campaign._id,
        campaignId: campaign._id,
        collection: 'campaigns',
        version: 1,
        deliveries: [{ effect: 'fastlyPurge', attempts: 2 }],
      },
    ]);
    expect((await find({ effect: 'kinesisCampaign' })).dead).toEqual([]);
    const { text } = await test.app.metrics.scrape();
    expect(text).toMatch(/deliveries_total\{effect="fastlyPurge",outcome="dead"\} 1/);

    fastly.recover();
    const changeIds = state.dead.map(({ changeId }) => changeId);
    const none = await test.client.post<object>('/admin/deliveries/redrive', { effect: 'stateBroadcast', changeIds });
    expect(none.data).toEqual({ redriven: 0 });
    const done = await test.client.post<object>('/admin/deliveries/redrive', { changeIds });
    expect(done.data).toEqual({ redriven: 1 });
    const after = await until(find, ({ effects }) => effects.every(({ pending }) => pending === 0));
    expect(after.dead).toEqual([]);
  });

  it('is for supreme users, and takes only what it describes', async () => {
    const someone = test.client.as(createToken({ userId: 'someone' }));
    expect((await someone.get('/admin/deliveries')).status).toBe(403);
    expect((await someone.post('/admin/deliveries/redrive', { effect: 'fastlyPurge' })).status).toBe(403);
    for (const body of [{}, { effect: 'nothing' }, { changeIds: [] }, { changeIds: [{ $ne: 1 }] }, { all: true }]) {
      expect((await test.client.post('/admin/deliveries/redrive', body)).status).toBe(400);
    }
    expect((await test.client.get('/admin/deliveries', { query: { effect: 'nothing' } })).status).toBe(400);
  });

  it('names the effects that there are', () => {
    expect(effectName.enum).toEqual(effectNames);
  });
});
