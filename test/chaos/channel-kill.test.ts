import { expect, it } from '@jest/globals';
import { selectSeed } from '../support/random.ts';
import { describeStores } from '../support/stores.ts';
import { throwIfBroken } from './channel-proof.ts';
import { runKilledInstances } from './channel-scenarios.ts';

describeStores('instances that are killed while clients are connected', target => {
  it('break no promise made to any of them', async () => {
    const seed = selectSeed(`killed instances over ${target.name}`);
    const rounds = target.kind === 'mongodb' ? 1 : 2;
    const proof = await runKilledInstances({ seed, rounds, updates: 60, instances: 2 }, target);
    throwIfBroken(proof);
    // Those who were connected to it came back: thirteen are at work.
    expect(proof.connections).toBeGreaterThan(13);
  }, 300_000);
});
