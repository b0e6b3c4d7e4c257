import { createHash } from 'node:crypto';
import { deriveId } from '../../lib/ids.ts';
import { createRepresentation, type Representation } from '../../lib/representation.ts';
import { type ManagerContext } from '../context.ts';

type Context = ManagerContext<never>;

/** A live state as its caller sees it. */
export interface LiveState {
  readonly campaignId: string;
  readonly version: number;
  readonly changeId: string;
  readonly at: Date;
  readonly state: Readonly<Record<string, unknown>>;
}

/** What is asked for by a rollback. */
export interface Rollback {
  readonly toVersion: number;
  readonly expectedVersion?: number;
}

/**
 * Reads a campaign's live state, now or at a version. The campaign is named by its id, its identifier, or 0. Needs `read`.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `StateVersionNotFoundError` and `ServiceUnavailableError`.
 */
export async function findState(ctx: Context, campaignId: string, version?: number): Promise<LiveState> {
  const payload = { campaignId, ...(version !== undefined && { version }) };
  return (await ctx.service.events.ask(ctx, 'campaign:state', payload)) as unknown as LiveState;
}

/** Gives a live state encoded. Its tag tells apart what callers see of one version. */
export function presentState(live: LiveState): Representation {
  return createRepresentation({ data: live, etag: `"${selectStateTag(live)}"` });
}

/** Gives what tells a live state, as its caller sees it, from all others. */
export function selectStateTag({ version, state }: Pick<LiveState, 'version' | 'state'>): string {
  const digest = createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 16);
  return `${version}-${digest}`;
}

/** Reads who changed a live state and when, the latest first: up to `limit` versions before one. Throws as `findState`. */
export async function findStateHistory(
  ctx: Context,
  campaignId: string,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<unknown> {
  const payload = { campaignId, limit, ...(before !== undefined && { before }) };
  return ctx.service.events.ask(ctx, 'campaign:history', payload);
}

/**
 * Makes a version of a live state that equals an older one. Needs `update`. With an idempotency key a repeat is answered
 * with the version that it had. Throws as `findState`, `VersionMismatchError` and `IdempotencyKeyReusedError`.
 */
export async function rollBackState(
  ctx: Context,
  campaignId: string,
  rollback: Rollback,
  key: string | undefined,
): Promise<unknown> {
  const eventId = key === undefined ? undefined : deriveId(ctx.actor?.userId ?? '', 'state rollback', key);
  return ctx.service.events.ask(ctx, 'campaign:rollback', { ...rollback, campaignId }, eventId);
}
