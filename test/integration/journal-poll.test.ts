import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { describeStores } from '../support/stores.ts';
import { until } from '../support/until.ts';

describeStores('the journal of live states', target => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ time: 'real', variables: { CAMPAIGN_STATE_POLL_MS: '10' } }, target);
  });
  afterAll(() => test.stop());

  /** How often it was looked through for what others wrote. */
  const countPolls = async (): Promise<number> => {
    const { text } = await test.client.get('/metrics');
    const counts = text.matchAll(/_count\{operation="datastore\.stateJournal\.findNews",outcome="success"\} (\d+)/g);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };

  if (target.kind === 'mongodb') {
    it('is looked through for what others wrote', async () => {
      await until(countPolls, count => count > 1);
    });
  } else {
    it('is not looked through: nobody else can write to it', async () => {
      await new Promise(resolve => setTimeout(resolve, 300));
      expect(await countPolls()).toBe(0);
    });
  }
});
