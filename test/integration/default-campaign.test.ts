import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { signToken } from '../../lib/auth/sign-token.ts';
import { connectChannel, receiveStates } from '../support/channel.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { startTestApp } from '../support/app.ts';
import { until } from '../support/until.ts';

// A process of its own starts, and on a busy machine slowly.
jest.setTimeout(120_000);

/** The secret that `config/development.yml` names. */
const secret = 'development-only-secret-known-to-everybody';

describe('the default campaign', () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
  });

  it('is there for clients after a start from nothing, beside the demo', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'default-campaign-'));
    directories.push(directory);
    const variables = {
      NODE_ENV: 'development',
      DATA_DIR: directory,
      PORT: '0',
      LOG_LEVEL: 'info',
      REFRESH_CRON: '0 0 1 1 *',
    };
    const service = startServiceProcess(variables);
    const url = await service.started;
    const token = signToken({ userId: 'developer', supreme: true }, { key: secret, expiresInSeconds: 600 });
    const client = await connectChannel(url, token);
    const answer = await client.ask('campaign:subscribe', { campaignId: 0 });
    expect(answer.payload).toMatchObject({ version: 1, isSnapshot: true });
    const [snapshot] = await receiveStates(client, 1);
    expect(snapshot?.['state']).toMatchObject({
      title: 'Presale registration',
      features: expect.arrayContaining(['registration']) as unknown,
      campaign: { identifier: 'default-campaign', status: 'DRAFT' },
    });
    const headers = { authorization: `Bearer ${token}` };
    const read = await fetch(`${url}/campaigns/0/state`, { headers });
    expect(((await read.json()) as { data: { campaignId: string } }).data.campaignId).toBe(
      answer.payload['campaignId'],
    );
    const list = async () =>
      (await (await fetch(`${url}/campaigns/list`, { headers })).json()) as { meta: { pagination: { total: number } } };
    await until(list, ({ meta }) => meta.pagination.total === 13);
    client.close();
    expect((await service.stop('SIGTERM')).code).toBe(0);
  });

  it('is not made where it is switched off, nor live states are', async () => {
    for (const variables of [
      { CREATE_DEFAULT_CAMPAIGN: 'false' },
      { CREATE_DEFAULT_CAMPAIGN: 'true', CAMPAIGN_STATE_ENABLED: 'false' },
      { CREATE_DEFAULT_CAMPAIGN: 'true', ROLES: 'worker' },
    ]) {
      const test = await startTestApp({ variables });
      expect(await test.app.datastores.campaigns.findIdByIdentifier('default-campaign')).toBeNull();
      await test.stop();
    }
  });

  it('is called as the configuration says', async () => {
    const test = await startTestApp({ variables: { CREATE_DEFAULT_CAMPAIGN: 'true', DEFAULT_CAMPAIGN: 'front-page' } });
    const { data } = await test.client.get<{ state: { campaign: { identifier: string } } }>('/campaigns/0/state');
    expect(data.state.campaign.identifier).toBe('front-page');
    await test.stop();
  });
});
