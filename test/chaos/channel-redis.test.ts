import { it } from '@jest/globals';
import { selectSeed } from '../support/random.ts';
import { describeStores } from '../support/stores.ts';
import { throwIfBroken } from './channel-proof.ts';
import { runLostRedis } from './channel-scenarios.ts';

describeStores('instances whose Redis is killed, frozen and emptied', target => {
  it('break no promise made to their clients', async () => {
    const seed = selectSeed(`a lost Redis over ${target.name}`);
    throwIfBroken(await runLostRedis({ seed, rounds: 3, updates: 60 }, target));
  }, 300_000);
});
