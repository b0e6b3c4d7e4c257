import { LRUCache } from 'lru-cache';

/**
 * Gives a pure function of a text that remembers what it gave last for each of `max` texts. Its results are shared: they
 * must not be changed. Texts longer than `maxLength` are worked out anew each time, so that none of them is kept.
 */
export function rememberByText<R extends NonNullable<unknown>>(
  select: (text: string) => R,
  { max, maxLength = 512 }: { readonly max: number; readonly maxLength?: number },
): (text: string) => R {
  const known = new LRUCache<string, R>({ max });
  return text => {
    if (text.length > maxLength) return select(text);
    let result = known.get(text);
    if (result === undefined) known.set(text, (result = select(text)));
    return result;
  };
}
