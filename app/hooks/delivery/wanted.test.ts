import { describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../lib/log.ts';
import { type ChangeSource, type EffectName, type PendingChange } from '../../datastore/changes.ts';
import { type Effect } from '../effect.ts';
import { createWantedSelector } from './wanted.ts';

const createEffect = (name: EffectName, selectConcerned?: Effect['selectConcerned']): Effect => ({
  name,
  batchSize: 1,
  attempts: 1,
  backoff: { baseMs: 1, maxMs: 1 },
  ...(selectConcerned && { selectConcerned }),
  perform: () => Promise.resolve(new Map()),
});

const createSource = (id: string, effects: readonly EffectName[]): ChangeSource => ({
  collection: 'campaigns',
  documentId: id,
  change: { id, effects } as unknown as PendingChange,
});

describe('the effects that have something to do for a change', () => {
  const log = silentLog('wanted');

  it('are those that it asks for and that are switched on', async () => {
    const select = createWantedSelector([createEffect('fastlyPurge'), createEffect('kinesisCampaign')], log);
    const sources = [createSource('a', ['kinesisCampaign', 'sqsDataPipeline']), createSource('b', [])];
    expect(await select(sources)).toEqual([['kinesisCampaign'], []]);
  });

  it('are asked, together, about the changes that ask for them alone', async () => {
    const asked: string[][] = [];
    const effect = createEffect('stateBroadcast', async sources => {
      asked.push(sources.map(({ change }) => change.id));
      return new Set(['b']);
    });
    const select = createWantedSelector([effect, createEffect('fastlyPurge')], log);
    const sources = [
      createSource('a', ['fastlyPurge', 'stateBroadcast']),
      createSource('b', ['stateBroadcast']),
      createSource('c', ['fastlyPurge']),
    ];
    expect(await select(sources)).toEqual([['fastlyPurge'], ['stateBroadcast'], ['fastlyPurge']]);
    expect(asked).toEqual([['a', 'b']]);
    await select([createSource('c', ['fastlyPurge'])]);
    expect(asked).toHaveLength(1);
  });

  it('are all of them when one cannot say, and that is logged', async () => {
    const warned: unknown[] = [];
    const warn = (message: string, data: unknown) => void warned.push([message, data]);
    const error = new Error('The database is away.');
    const effect = createEffect('stateBroadcast', () => Promise.reject(error));
    const select = createWantedSelector([effect], { warn });
    expect(await select([createSource('a', ['stateBroadcast'])])).toEqual([['stateBroadcast']]);
    expect(warned).toEqual([['deliveries.concern.unknown', { effect: 'stateBroadcast', count: 1, error }]]);
  });
});
