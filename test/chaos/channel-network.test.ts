import { expect, it } from '@jest/globals';
import { selectSeed } from '../support/random.ts';
import { throwIfBroken } from './channel-proof.ts';
import { runBadNetwork } from './channel-scenarios.ts';

it('clients over a bad network see every version once, and have every update done once', async () => {
  const proof = await runBadNetwork({ seed: selectSeed('a bad network'), rounds: 2, updates: 100 });
  throwIfBroken(proof);
  expect(proof.connections).toBeGreaterThan(20);
}, 300_000);
