/** Extends a JSON pointer (RFC 6901) by one key, escaped. */
export function appendPointer(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
