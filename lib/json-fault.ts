/** Where a text stops being JSON. Lines and columns count from 1, the offset from 0, in UTF-16 units. */
export interface JsonFault {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/**
 * Finds where a text stops being JSON: the beginning of the first token that cannot stand there, or the end of the
 * text. V8 names the position in some of its messages only. Meant for texts that `JSON.parse` has refused.
 */
export function findJsonFault(text: string): JsonFault {
  const offset = findFaultOffset(text);
  const before = text.slice(0, offset);
  return { offset, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** A scanner with a stack of open brackets, not a recursion: the text is a stranger's. */
function findFaultOffset(text: string): number {
  const open: ('{' | '[')[] = [];
  let offset = 0;
  let expected: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'commaOrEnd' = 'value';
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    const isThere = pattern.test(text);
    if (isThere) offset = pattern.lastIndex;
    return isThere;
  };
  for (;;) {
    skip(SPACE);
    const character = text[offset];
    if (character === undefined) return offset;
    if (expected === 'commaOrEnd') {
      const innermost = open.at(-1);
      if (innermost === undefined) return offset;
      if (character === ',') expected = innermost === '{' ? 'key' : 'value';
      else if (character === (innermost === '{' ? '}' : ']')) open.pop();
      else return offset;
      offset += 1;
    } else if ((expected === 'keyOrEnd' && character === '}') || (expected === 'valueOrEnd' && character === ']')) {
      open.pop();
      offset += 1;
      expected = 'commaOrEnd';
    } else if (expected === 'key' || expected === 'keyOrEnd') {
      if (!skip(STRING)) return offset;
      skip(SPACE);
      if (text[offset] !== ':') return offset;
      offset += 1;
      expected = 'value';
    } else if (character === '{' || character === '[') {
      open.push(character);
      offset += 1;
      expected = character === '{' ? 'keyOrEnd' : 'valueOrEnd';
    } else if (skip(STRING) || skip(SCALAR)) {
      expected = 'commaOrEnd';
    } else {
      return offset;
    }
  }
}
