import { createHash, randomBytes } from 'node:crypto';

const ID = /^[0-9a-f]{24}$/;

/** Says whether a string is an id: 24 lower-case hexadecimal digits. */
export function isId(value: string): boolean {
  return ID.test(value);
}

/**
 * Makes ids of the form of an ObjectId: four bytes of seconds, five random bytes of this maker, three of a counter that
 * begins at random. They sort by when they were made.
 */
export function createIdMaker(now: () => number = Date.now): () => string {
  const maker = randomBytes(5).toString('hex');
  let counter = randomBytes(3).readUIntBE(0, 3);
  return () => {
    counter = (counter + 1) & 0xffffff;
    const seconds = Math.floor(now() / 1000) & 0xffffffff;
    return (seconds >>> 0).toString(16).padStart(8, '0') + maker + counter.toString(16).padStart(6, '0');
  };
}

/** Makes an id that no other has. */
export const createId = createIdMaker();

/** Makes the id that belongs to these parts, always the same. */
export function deriveId(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}
