import { it } from '@jest/globals';
import { selectSeed } from '../support/random.ts';
import { describeStores } from '../support/stores.ts';
import { throwIfBroken } from './channel-proof.ts';
import { runJumpingClocks } from './channel-scenarios.ts';

describeStores('instances whose clocks jump', target => {
  it('break no promise made to their clients', async () => {
    const seed = selectSeed(`jumping clocks over ${target.name}`);
    throwIfBroken(await runJumpingClocks({ seed, rounds: 4, updates: 40 }, target));
  }, 300_000);
});
