import { it } from '@jest/globals';
import { selectSeed } from '../support/random.ts';
import { describeStartedServer } from '../support/stores.ts';
import { throwIfBroken } from './channel-proof.ts';
import { runLostDatabase } from './channel-scenarios.ts';

describeStartedServer('instances whose database crashes while clients are connected', open => {
  it('break no promise made to any of them', async () => {
    const target = { name: 'the server', kind: 'mongodb', open, stop: async () => undefined } as const;
    throwIfBroken(await runLostDatabase({ seed: selectSeed('a lost database'), rounds: 2, updates: 60 }, target));
  }, 300_000);
});
