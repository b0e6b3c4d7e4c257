import { createHash } from 'node:crypto';
import { deriveId } from '../../lib/ids.ts';
import { type IdempotencyKey } from '../managers/idempotency.ts';

/** Gives the id of something in the demo: the same each time that the demo is made. */
export function selectDemoId(kind: string, key: string): string {
  return deriveId('demo', kind, key);
}

/**
 * Gives the idempotency key under which something is made, so that a demo that was interrupted can be made again. The
 * body's hash is no hash: its dates differ from one day to the next, and it is the same thing all the same.
 */
export function selectDemoKey(kind: string, key: string): IdempotencyKey {
  return { key: `demo/${kind}/${key}`, documentId: selectDemoId(kind, key), bodyHash: 'demo' };
}

/** Gives the UUID of something in the demo: the same each time. */
export function selectDemoUuid(key: string): string {
  const hex = createHash('sha256').update(`demo/${key}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Gives the id of a show or a venue in the form of the Discovery API's. */
export function selectDiscoveryId(prefix: string, key: string): string {
  return prefix + createHash('sha256').update(`demo/${key}`).digest('base64url').replace(/[-_]/g, '0').slice(0, 12);
}
