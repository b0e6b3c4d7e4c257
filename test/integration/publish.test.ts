import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { campaignPublic } from '../../schemas/campaign-public.ts';
import { type PublicationView } from '../../app/managers/campaigns/publish.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { type TestApp, startTestApp } from '../support/app.ts';
import { buildContact, createCampaign } from '../support/factories.ts';
import { type GitlabStub, gitlabVariables, startGitlabStub } from '../support/gitlab-stub.ts';

describe('publishing without GitLab', () => {
  it('says which settings are missing', async () => {
    const test = await startTestApp({ variables: { GITLAB_URL: 'https://gitlab.example.com' } });
    const { _id } = await createCampaign(test.client);
    for (const method of ['GET', 'POST']) {
      const { status, error } = await test.client.request(method, `/campaigns/${_id}/publish`);
      expect([status, error.message]).toEqual([503, 'GitLab is not configured: set GITLAB_TOKEN, GITLAB_PROJECT.']);
    }
    await test.stop();
  });
});

describe('publishing to GitLab', () => {
  let stub: GitlabStub;
  let test: TestApp;
  let campaign: Campaign;
  let path: string;
  let file: string;

  beforeAll(async () => {
    stub = await startGitlabStub();
    test = await startTestApp({ variables: { ...gitlabVariables(stub.url), GITLAB_TIMEOUT_MS: '200' } });
  });
  beforeEach(async () => {
    const { data: contact } = await test.client.post<{ _id: string }>('/contacts', buildContact());
    campaign = await createCampaign(test.client, { contacts: [contact._id], password: 'open sesame' });
    path = `/campaigns/${campaign._id}/publish`;
    file = `campaigns/${campaign._id}.json`;
    stub.forget();
  });
  afterEach(() => stub.recover());
  afterAll(async () => {
    await test.stop();
    await stub.stop();
  });

  const publish = async (): Promise<PublicationView> => (await test.client.post<PublicationView>(path)).data;
  const commitsOf = (): readonly string[] =>
    stub.commits.filter(commit => commit.path === file).map(({ message }) => message);
  const pipelinesOf = () =>
    stub.pipelines.filter(({ variables }) => variables.some(({ value }) => value === campaign._id));

  it('commits the public view, in all locales, and triggers the pipeline for it', async () => {
    const published = await publish();
    expect(published).toMatchObject({ path: file, branch: 'main', version: 1, currentVersion: 1, isCurrent: true });
    expect(published.commit).toMatchObject({ title: `Publish ${campaign.identifier} at version 1` });
    expect(commitsOf()).toEqual([expect.stringContaining('[skip ci]')]);
    const { version, content } = JSON.parse(stub.files.get(file)?.content ?? '') as Record<string, Campaign>;
    expect(version).toBe(1);
    expect(createValidator(campaignPublic).selectFaults(content)).toEqual([]);
    expect(Object.keys(content?.content ?? {})).toEqual(['en', 'fr']);
    expect(stub.files.get(file)?.content).not.toMatch(/scrypt|contacts|createdBy/);
    expect(pipelinesOf()).toEqual([
      expect.objectContaining({
        variables: [
          { key: 'CAMPAIGN_ID', value: campaign._id },
          { key: 'CAMPAIGN_VERSION', value: '1' },
        ],
      }),
    ]);
  });

  it('does nothing for a version that is published, and commits the next one', async () => {
    const first = await publish();
    expect(await publish()).toEqual(first);
    expect([commitsOf().length, pipelinesOf().length]).toEqual([1, 1]);
    await test.client.patch(`/campaigns/${campaign._id}`, { tour: { name: 'Winter' } });
    expect(await publish()).toMatchObject({ version: 2, isCurrent: true });
    expect([commitsOf().length, pipelinesOf().length]).toEqual([2, 2]);
    expect(stub.files.get(file)?.content).toContain('Winter');
  });

  it('commits once for all who publish at once', async () => {
    await Promise.all([publish(), publish(), publish()]);
    expect(commitsOf()).toHaveLength(1);
  });

  it('shows what is published, behind what the campaign is by now, and how the pipeline stands', async () => {
    expect((await test.client.get<PublicationView>(path)).data).toMatchObject({
      version: null,
      commit: null,
      pipeline: null,
      isCurrent: false,
    });
    await publish();
    await test.client.patch(`/campaigns/${campaign._id}`, { tour: { name: 'Winter' } });
    for (const pipeline of pipelinesOf()) (pipeline as { status: string }).status = 'running';
    expect((await test.client.get<PublicationView>(path)).data).toMatchObject({
      version: 1,
      currentVersion: 2,
      isCurrent: false,
      pipeline: { status: 'running' },
    });
  });

  it('takes a file that somebody else made for no version of ours, and overwrites it', async () => {
    stub.commitBySomeoneElse(file, 'by hand');
    expect(await publish()).toMatchObject({ version: 1 });
    expect(commitsOf()).toHaveLength(2);
  });

  it.each([
    ['before anything is done', [{ status: 500 }, { status: 500 }]],
    ['while the file is committed', [{ status: 404 }, 'hang', { status: 404 }, { status: 500 }]],
  ] as const)('is completed after GitLab failed %s', async (_name, failures) => {
    stub.failNext(...failures);
    await test.client.post(path);
    stub.recover();
    expect(await publish()).toMatchObject({ version: 1, commit: {}, pipeline: {} });
    expect([commitsOf().length, pipelinesOf().length]).toEqual([1, 1]);
  });

  it('triggers the pipeline that could not be triggered after the commit', async () => {
    // Only what triggers fails: the five requests before it are answered.
    const busy = { status: 503 };
    const answered: string[] = [];
    stub.failWhen(({ method, path: asked }) => {
      answered.push(`${method} ${asked.split('/').at(-1) ?? ''}`);
      return method === 'POST' && asked.endsWith('/pipeline') ? busy : undefined;
    });
    const { status, error } = await test.client.post(path);
    expect([status, error.type, error.details?.[0]?.path]).toEqual([503, 'SERVICE_UNAVAILABLE', 'gitlab']);
    expect([commitsOf().length, pipelinesOf().length]).toEqual([1, 0]);
    stub.recover();
    expect(await publish()).toMatchObject({ version: 1, pipeline: { status: 'created' } });
    expect([commitsOf().length, pipelinesOf().length]).toEqual([1, 1]);
    expect(answered).toContain('POST pipeline');
  });

  it('says what is refused, and nothing of the token', async () => {
    stub.failAlways({ status: 403, body: { message: '403 Forbidden' } });
    const { status, text } = await test.client.post(path);
    expect([status, text.includes('gitlab refused')]).toEqual([503, true]);
    expect(`${text}${JSON.stringify(test.logs)}`).not.toContain('glpat');
  });
});
