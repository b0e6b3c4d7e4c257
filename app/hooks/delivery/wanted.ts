import { type Logger } from '../../../lib/log.ts';
import { type ChangeSource, type EffectName } from '../../datastore/changes.ts';
import { type Effect } from '../effect.ts';

/** Says of each change which of the effects that it asks for have something to do. */
export type WantedSelector = (sources: readonly ChangeSource[]) => Promise<EffectName[][]>;

/** Makes the selector of the effects that there are. An effect that cannot say is taken to have something to do. */
export function createWantedSelector(effects: readonly Effect[], log: Pick<Logger, 'warn'>): WantedSelector {
  const known: ReadonlySet<EffectName> = new Set(effects.map(effect => effect.name));
  const choosy = effects.filter(effect => effect.selectConcerned !== undefined);

  const selectConcerned = async (effect: Effect, sources: readonly ChangeSource[]): Promise<ReadonlySet<string>> => {
    const asking = sources.filter(({ change }) => change.effects.includes(effect.name));
    const all = new Set(asking.map(({ change }) => change.id));
    if (asking.length === 0 || effect.selectConcerned === undefined) return all;
    try {
      return await effect.selectConcerned(asking);
    } catch (error) {
      log.warn('deliveries.concern.unknown', { effect: effect.name, count: asking.length, error });
      return all;
    }
  };

  return async sources => {
    const concerned = new Map(
      await Promise.all(choosy.map(async effect => [effect.name, await selectConcerned(effect, sources)] as const)),
    );
    return sources.map(({ change }) =>
      change.effects.filter(name => known.has(name) && (concerned.get(name)?.has(change.id) ?? true)),
    );
  };
}
