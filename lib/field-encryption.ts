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
const PLAIN = 'plain:';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Names a key without giving it away. */
function identify(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

function readKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES)
    throw new Error(`A key for fields has ${KEY_BYTES} bytes in base64, not ${key.length}.`);
  return key;
}

/**
 * Makes the encryption of fields with AES-256-GCM: the first key encrypts, all decrypt, so that keys can be changed.
 *
 * @param keys 32 bytes each, in base64; throws an `Error` for any other
 */
export function createFieldEncryption(keys: readonly string[]): FieldEncryption {
  const known = new Map(keys.map(readKey).map(key => [identify(key), key]));
  const [first] = known;
  return {
    enabled: first !== undefined,
    encrypt(text) {
      // A plain text that looks marked or encrypted must not be taken for it later.
      if (first === undefined) return text.startsWith(PREFIX) || text.startsWith(PLAIN) ? PLAIN + text : text;
      const [id, key] = first;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${PREFIX}${id}:${sealed.toString('base64url')}`;
    },
    decrypt(stored) {
      if (stored.startsWith(PLAIN)) return stored.slice(PLAIN.length);
      if (!stored.startsWith(PREFIX)) return stored;
      const [id = '', body = ''] = stored.slice(PREFIX.length).split(':');
      const key = known.get(id);
      if (key === undefined) throw new Error(`No key ${id} among DATA_ENCRYPTION_KEYS.`);
      const sealed = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
