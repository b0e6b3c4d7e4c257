import { createPublicKey, type KeyObject } from 'node:crypto';

const MIN_RSA_BITS = 2048;

/** Reads a public key in PEM, whose line breaks may be written as `\n`. Throws an `Error` that says what is wrong with it. */
export function readPublicKey(pem: string): KeyObject {
  const text = pem.replaceAll('\\n', '\n');
  if (text.includes('PRIVATE KEY')) throw new Error('The public key for tokens is a private key.');
  const key = parse(text);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) throw new Error(`An RSA key needs ${MIN_RSA_BITS} bits, not ${bits}.`);
  return key;
}

function parse(text: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch {
    // The message of OpenSSL names its own functions, and nothing of the key.
    throw new Error('The public key for tokens is not one in PEM.');
  }
}

/** The algorithm that fits a key. Throws an `Error` for keys that tokens cannot be verified with. */
export function selectAlgorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithms: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
  const algorithm = algorithms[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm === undefined)
    throw new Error(`Tokens cannot be verified with a key of type ${key.asymmetricKeyType}.`);
  return algorithm;
}
