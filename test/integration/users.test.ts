import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { connectChannel } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { describeStores } from '../support/stores.ts';
import { createSupremeToken, createToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Change {
  readonly by: string;
  readonly userId?: string;
  readonly cause: string;
}

interface UserData {
  readonly userId: string;
  readonly reference: string | null;
  readonly changes: readonly Change[];
  readonly stateChanges: readonly { readonly cause: string; readonly patch: unknown }[];
}

/** A token that was issued some seconds ago, or will have been. */
const issued = (userId: string, secondsFromNow: number): string =>
  createToken({ userId, supreme: true, iat: Math.floor(Date.now() / 1000) + secondsFromNow });

describeStores('the revocation of a user', target => {
  let test: TestApp;
  let other: TestApp | undefined;
  beforeAll(async () => {
    const options = { variables: { REVOCATION_POLL_MS: '200' }, time: 'real' } as const;
    test = await startTestApp(options, target);
    other = target.kind === 'mongodb' ? await startTestApp({ ...options, over: test }) : undefined;
  });
  afterAll(async () => {
    await other?.stop();
    await test.stop();
  });

  const read = async (token: string, app: TestApp = test): Promise<number> =>
    (await app.client.as(token).get('/campaigns/list')).status;

  it('refuses the tokens that the user has, at once, and no one else', async () => {
    const [mine, others] = [issued('mallory', -10), createSupremeToken('alice')];
    // Both are remembered as good.
    expect([await read(mine), await read(others)]).toEqual([200, 200]);
    const before = Date.now();
    const { data } = await test.client.post<{ userId: string; notBefore: string }>('/admin/users/mallory/revoke');
    expect(data.userId).toBe('mallory');
    expect(Date.parse(data.notBefore)).toBeGreaterThanOrEqual(before);
    const refused = await test.client.as(mine).get('/campaigns/list');
    expect(refused.error).toMatchObject({ type: 'UNAUTHENTICATED', message: 'The token is revoked.' });
    expect(await read(others)).toBe(200);
    // A token that was never used before is no better.
    expect(await read(issued('mallory', -5))).toBe(401);
  });

  it('lets tokens pass that are issued later', async () => {
    await test.client.post('/admin/users/trudy/revoke');
    expect(await read(issued('trudy', -1))).toBe(401);
    // Within what clocks may differ.
    expect(await read(issued('trudy', 3))).toBe(200);
  });

  it('is found by other instances in their next poll', async () => {
    if (other === undefined) return expect(target.kind).toBe('embedded');
    const token = issued('oscar', -10);
    expect(await read(token, other)).toBe(200);
    await test.client.post('/admin/users/oscar/revoke');
    expect(
      await until(
        () => read(token, other),
        status => status !== 200,
      ),
    ).toBe(401);
  });

  it('outlives the erasure of the user and a restart', async () => {
    const token = issued('peggy', -10);
    await test.client.post('/admin/users/peggy/revoke');
    await test.client.delete('/admin/users/peggy/data');
    expect(await read(token)).toBe(401);
    if (target.kind === 'embedded') return;
    const restarted = await startTestApp({ over: test });
    expect(await read(token, restarted)).toBe(401);
    await restarted.stop();
  });
});

describe('the data of a user', () => {
  let test: TestApp;
  let campaign: Campaign;
  beforeAll(async () => {
    test = await startTestApp();
    campaign = await createCampaign(test.client);
  });
  afterAll(() => test.stop());

  const editAs = async (userId: string, name: string): Promise<void> => {
    const editor = test.client.as(createUserToken({ [campaign._id]: ['update'] }, userId));
    expect((await editor.patch(`/campaigns/${campaign._id}`, { tour: { name } })).status).toBe(200);
  };
  const exported = async (userId: string, query = {}) =>
    test.client.get<UserData>(`/admin/users/${userId}/data`, { query });
  const latest = async (): Promise<Change | undefined> =>
    (await test.client.get<Change[]>(`/campaigns/${campaign._id}/history`)).data[0];

  it('is a reference and the changes that name it, a page at a time', async () => {
    for (const name of ['One', 'Two', 'Three']) await editAs('erin@example.com', name);
    const { data, meta } = await until(
      () => exported('erin@example.com', { pageSize: 2 }),
      answer => answer.meta.pagination?.total === 3,
    );
    expect(data.changes.map(({ cause, userId, by }) => [cause, userId, by])).toEqual([
      ['campaign.updated', 'erin@example.com', data.reference],
      ['campaign.updated', 'erin@example.com', data.reference],
    ]);
    expect(meta.pagination).toEqual({ page: 0, pageSize: 2, total: 3 });
    expect((await exported('erin@example.com', { page: 1, pageSize: 2 })).data.changes).toHaveLength(1);
  });

  it('is nothing for a user whom nothing names', async () => {
    expect((await exported('nobody')).data).toEqual({
      userId: 'nobody',
      reference: null,
      changes: [],
      stateChanges: [],
    });
    expect((await test.client.delete('/admin/users/nobody/data')).data).toEqual({ erased: false });
  });

  it('names a user in documents by the reference alone', async () => {
    await editAs('frank@example.com', 'Four');
    const { text } = await test.client.get(`/campaigns/${campaign._id}`);
    expect(text).not.toContain('frank');
    expect(text).toContain((await exported('frank@example.com')).data.reference);
  });

  it('is erased: history names the user before, and only the reference after', async () => {
    await editAs('grace@example.com', 'Five');
    const before = await latest();
    expect(before?.userId).toBe('grace@example.com');
    expect((await test.client.delete('/admin/users/grace@example.com/data')).data).toEqual({ erased: true });
    const after = await latest();
    expect(after?.by).toBe(before?.by);
    expect(after).not.toHaveProperty('userId');
    expect((await exported('grace@example.com')).data).toMatchObject({ reference: null, changes: [] });
    expect((await test.client.delete('/admin/users/grace@example.com/data')).data).toEqual({ erased: false });
  });

  it('begins anew, under another reference, when the user comes back', async () => {
    await editAs('heidi', 'Six');
    const before = await latest();
    await test.client.delete('/admin/users/heidi/data');
    await editAs('heidi', 'Seven');
    const after = await latest();
    expect(after?.userId).toBe('heidi');
    expect(after?.by).not.toBe(before?.by);
  });

  it('has what the user changed in live states, by whatever door, and leads nowhere once it is erased', async () => {
    const userId = 'ivan@example.com';
    const token = createUserToken({ [campaign._id]: ['update'] }, userId);
    const user = test.client.as(token);
    const channel = await connectChannel(test.url, token);
    const campaignId = campaign._id;
    await channel.ask('campaign:update', { campaignId, updates: { title: 'By Ivan' } });
    channel.close();
    await test.client.post('/nexus/events', {
      type: 'campaign:update:v1:requested',
      eventId: 'of-another',
      payload: { campaignId, updates: { title: 'By another' } },
    });
    const headers = { 'idempotency-key': 'once' };
    expect((await user.post(`/campaigns/${campaignId}/state/rollback`, { toVersion: 2 }, { headers })).status).toBe(
      200,
    );

    const { data } = await exported(userId);
    expect(data.stateChanges.map(({ cause, patch }) => [cause, patch])).toEqual([
      ['rollback', { title: 'By Ivan' }],
      ['update', { title: 'By Ivan' }],
    ]);
    const kept = async () => JSON.stringify(await test.app.datastores.stateJournal.readSince(campaignId, 0));
    expect(await kept()).toContain(data.reference);
    expect(await kept()).not.toContain('ivan');

    expect((await test.client.delete(`/admin/users/${userId}/data`)).data).toEqual({ erased: true });
    expect((await exported(userId)).data).toEqual({ userId, reference: null, changes: [], stateChanges: [] });
    expect(await test.app.datastores.users.selectUserIds([data.reference ?? ''])).toEqual(new Map());
    const history = await test.client.get(`/campaigns/${campaignId}/state/history`);
    expect(history.text).toContain(data.reference);
    expect(history.text).not.toContain('ivan');
  });

  it('is in the log by no name', () => {
    const text = JSON.stringify(test.logs.filter(({ message }) => message.startsWith('user.')));
    expect(text).toContain('user.erased');
    expect(text).not.toMatch(/grace|heidi/);
  });
});
