import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createFieldEncryption } from './field-encryption.ts';

const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')] as [string, string];

describe('field encryption', () => {
  it('gives back every text, and shows none', () => {
    const encryption = createFieldEncryption([first]);
    expect(encryption.enabled).toBe(true);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), text => {
        const stored = encryption.encrypt(text);
        expect(encryption.decrypt(stored)).toBe(text);
        expect(stored).toMatch(/^enc:v1:[0-9a-f]{8}:[\w-]+$/);
      }),
    );
    expect(encryption.encrypt('jane@example.com')).not.toContain('jane');
  });

  it('never writes the same text twice alike', () => {
    const encryption = createFieldEncryption([first]);
    expect(encryption.encrypt('x')).not.toBe(encryption.encrypt('x'));
  });

  it('writes with the first key and reads with all, so that keys can be changed', () => {
    const old = createFieldEncryption([first]).encrypt('text');
    const rotated = createFieldEncryption([second, first]);
    expect(rotated.decrypt(old)).toBe('text');
    expect(createFieldEncryption([second]).decrypt(rotated.encrypt('text'))).toBe('text');
  });

  it('cannot be read without its key', () => {
    const stored = createFieldEncryption([first]).encrypt('text');
    expect(() => createFieldEncryption([second]).decrypt(stored)).toThrow(/No key/);
    expect(() => createFieldEncryption([]).decrypt(stored)).toThrow(/No key/);
  });

  it('notices every change of what is stored', () => {
    const encryption = createFieldEncryption([first]);
    const stored = encryption.encrypt('some text');
    const [head, body] = [stored.slice(0, 16), Buffer.from(stored.slice(16), 'base64url')];
    for (let index = 0; index < body.length; index += 1) {
      const changed = Buffer.from(body);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => encryption.decrypt(head + changed.toString('base64url'))).toThrow();
    }
    expect(() => encryption.decrypt(head + body.subarray(0, 14).toString('base64url'))).toThrow();
  });

  it('without keys stores texts so that later keys read them', () => {
    const none = createFieldEncryption([]);
    const later = createFieldEncryption([first]);
    expect(none.enabled).toBe(false);
    for (const text of ['text', '', 'enc:v1:abcdef01:x', 'plain:text', 'plain:enc:v1:x']) {
      expect(later.decrypt(none.encrypt(text))).toBe(text);
      expect(none.decrypt(none.encrypt(text))).toBe(text);
    }
  });

  it('refuses a key that has not 32 bytes', () => {
    expect(() => createFieldEncryption([randomBytes(16).toString('base64')])).toThrow(/32 bytes/);
  });
});
