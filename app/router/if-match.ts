/** What no document ever is at. */
const NO_VERSION = -1;

/**
 * Reads the versions out of an `If-Match` header, a list of tags any of which may be the current one: `"7-full.all"` and
 * `"7"` are 7; a tag that is none of ours, or a weak one, matches nothing. `*` and no header are undefined.
 */
export function selectExpectedVersion(ifMatch: string | undefined): number | readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const found = [...ifMatch.matchAll(/(?:^|,)\s*"(\d+)(?:-[^"]*)?"\s*(?=,|$)/g)].map(([, version]) => Number(version));
  return found.length > 1 ? found : (found[0] ?? NO_VERSION);
}
