import { createHmac, timingSafeEqual } from 'node:crypto';

/** Shows of a text that one who has a key wrote it. */
export interface Seal {
  /** Gives the mark of a text: 44 characters of base64. */
  mark(text: string): string;
  /** Whether a mark is that of the text. How long it takes does not tell what is wrong about it. */
  fits(text: string, mark: string): boolean;
}

/** Gives the seal of a key of 32 random bytes: HMAC with SHA-256 (RFC 2104) over the text in UTF-16, which no two texts share. */
export function createSeal(key: Buffer): Seal {
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text, 'utf16le').digest();
  return {
    mark: text => digest(text).toString('base64'),
    fits(text, mark) {
      const given = Buffer.from(mark, 'base64');
      const wanted = digest(text);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
