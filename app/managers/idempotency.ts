import { createHash } from 'node:crypto';
import { IdempotencyKeyReusedError, ServiceUnavailableError } from '../../lib/errors.ts';
import { deriveId } from '../../lib/ids.ts';
import { type ManagerContext } from '../context.ts';
import { DuplicateKeyError } from '../datastore/store/collection.ts';

/** What an `Idempotency-Key` stands for: one body, of one caller, on one route. */
export interface IdempotencyKey {
  readonly key: string;
  /** The id that the document gets: the same for the same caller, route and key. */
  readonly documentId: string;
  /** The SHA-256 of the body, less its secrets, kept in the document: another body under the same key is refused. */
  readonly bodyHash: string;
}

/** Kept in a document that was made under an idempotency key. */
export interface IdempotencyRecord {
  readonly bodyHash: string;
}

/** Makes an idempotency key's identity from the caller, the route (`POST /campaigns`), the key and the body. */
export function selectIdempotencyKey(
  userId: string,
  route: string,
  key: string | undefined,
  body: unknown,
): IdempotencyKey | undefined {
  if (key === undefined) return undefined;
  return {
    key,
    documentId: deriveId(userId, route, key),
    bodyHash: createHash('sha256')
      .update(JSON.stringify(withoutSecrets(body), inOrder))
      .digest('base64url'),
  };
}

/** What is stored as a salted hash or encrypted. A plain hash of it, beside a body that is known, would give it away. */
const secrets: ReadonlySet<string> = new Set(['password', 'email', 'phone']);

function withoutSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([field]) => !secrets.has(field)));
}

/** The order of an object's members means nothing in JSON (RFC 8259): clients that build it anew may change it. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

interface CreateOnce<T> {
  readonly key: IdempotencyKey | undefined;
  readonly find: (id: string) => Promise<T | null>;
  /** Inserts the document: under the key's id and with its record, or under a new id when both are undefined. */
  readonly insert: (id: string | undefined, idempotency: IdempotencyRecord | undefined) => Promise<T>;
}

/**
 * Makes a document once for each idempotency key: the insert under the key's own id is the record, so no crash comes
 * between. A repeat gives the document again, also when it was deleted since: then its last content.
 * Throws `IdempotencyKeyReusedError` when the key was used with another body.
 */
export async function createOnce<T extends { readonly idempotency?: IdempotencyRecord }>(
  ctx: ManagerContext<'changes'>,
  { key, find, insert }: CreateOnce<T>,
): Promise<T> {
  if (key === undefined) return insert(undefined, undefined);
  const select = (document: T): T => {
    if (document.idempotency?.bodyHash !== key.bodyHash) throw new IdempotencyKeyReusedError();
    return document;
  };
  try {
    return await insert(key.documentId, { bodyHash: key.bodyHash });
  } catch (error) {
    // A conflict of another key (a name, a domain) may well be with the very document that this key made.
    const existing = await find(key.documentId);
    if (existing !== null) return select(existing);
    if (!(error instanceof DuplicateKeyError && error.index === '_id')) throw error;
    const [deletion] = (await ctx.datastore.changes.findByDocument(key.documentId, { page: 0, pageSize: 1 })).rows;
    if (deletion?.content !== undefined)
      return select({ _id: key.documentId, version: deletion.version, ...deletion.content } as unknown as T);
    throw new ServiceUnavailableError('database', {
      message: 'The document is being deleted. Try again.',
      cause: error,
    });
  }
}
