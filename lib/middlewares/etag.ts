/**
 * Whether an `If-None-Match` header names the entity tag (weak comparison, RFC 9110 13.1.2): `*`, one tag or a list.
 * `etag` is as it stands in the `ETag` header, quotes included.
 */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag) return true;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = stripWeakness(etag);
  for (const tag of ifNoneMatch.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if (stripWeakness(tag[0]) === opaque) return true;
  }
  return false;
}

function stripWeakness(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
