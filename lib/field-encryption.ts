import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Encrypts single fields of documents. */
export interface FieldEncryption {
  /** Whether there is a key; without one texts are stored as they are. */
  readonly enabled: boolean;
  encrypt(text: string): string;
  /** Reads what any of the keys wrote, and plain text. Throws when the key is missing or the text was tampered with. */
  decrypt(stored: string): string;
}

const PREFIX = 'enc:v1:';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Names a key without giving it away. */
function identify(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

/**
 * Makes the encryption of fields with AES-256-GCM: the first key encrypts, all decrypt, so that keys can be changed.
 *
 * @param keys 32 bytes each, in base64
 */
export function createFieldEncryption(keys: readonly string[]): FieldEncryption {
  const known = new Map(keys.map(text => Buffer.from(text, 'base64')).map(key => [identify(key), key]));
  const [first] = known;
  return {
    enabled: first !== undefined,
    encrypt(text) {
      // A plain text that looks encrypted must not be taken for it later.
      if (first === undefined) return text.startsWith(PREFIX) ? `plain:${text}` : text;
      const [id, key] = first;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${PREFIX}${id}:${sealed.toString('base64url')}`;
    },
    decrypt(stored) {
      if (stored.startsWith(`plain:${PREFIX}`)) return stored.slice('plain:'.length);
      if (!stored.startsWith(PREFIX)) return stored;
      const [id = '', body = ''] = stored.slice(PREFIX.length).split(':');
      const key = known.get(id);
      if (key === undefined) throw new Error(`No key ${id} among DATA_ENCRYPTION_KEYS.`);
      const sealed = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
