import { type ServiceError, UnauthenticatedError, UnauthorizedError } from '../lib/errors.ts';

/** What a token can allow on a campaign. `update` implies all the others. */
export const actions = ['read', 'update', 'state:update', 'feature:update', 'config:update', 'media:join'] as const;
export type Action = (typeof actions)[number];

/** Who acts: the verified token of a request or a socket. The seeds call it `jwt`. */
export interface Actor {
  readonly userId: string;
  /** Whether every action is allowed. */
  readonly supreme: boolean;
  /** Campaign id → the actions granted on it. */
  readonly campaigns: ReadonlyMap<string, ReadonlySet<Action>>;
  /** When the token was issued, in seconds since 1970: what revocation is compared with. */
  readonly issuedAt: number;
}

/** Says whether an actor may carry out an action on a campaign. */
export function isAllowed(actor: Actor | null, action: Action, campaignId: string): boolean {
  if (actor === null) return false;
  if (actor.supreme) return true;
  const granted = actor.campaigns.get(campaignId);
  return granted !== undefined && (granted.has(action) || granted.has('update'));
}

/**
 * Lets an actor carry out an action on a campaign that must exist. The permission comes first, so that a caller
 * without it does not learn which campaigns there are. Throws `UnauthorizedError`, or what `notFound` gives.
 */
export function authorize<C>(
  actor: Actor | null,
  action: Action,
  campaignId: string,
  campaign: C | null,
  notFound: () => ServiceError,
): asserts campaign is C {
  if (!isAllowed(actor, action, campaignId)) throw new UnauthorizedError();
  if (campaign === null) throw notFound();
}

/** Lets only supreme users pass. Throws `UnauthorizedError`. */
export function throwIfNotSupreme(actor: Actor | null): void {
  if (actor?.supreme !== true) throw new UnauthorizedError();
}

/** The campaigns that an actor may read: `'all'` for a supreme user. */
export function selectReadableCampaigns(actor: Actor | null): 'all' | string[] {
  if (actor === null) return [];
  if (actor.supreme) return 'all';
  return [...actor.campaigns].filter(([, granted]) => granted.has('read') || granted.has('update')).map(([id]) => id);
}

/**
 * Reads the claims of a verified token, `{ userId, supreme?, campaigns?: { [campaignId]: { actions: […] } }, iat }`;
 * unknown actions grant nothing. Throws `UnauthenticatedError` when they are of another form.
 */
export function selectActor(claims: Readonly<Record<string, unknown>>): Actor {
  const { userId, supreme = false, campaigns = {}, iat } = claims;
  const isWellFormed =
    typeof userId === 'string' &&
    userId !== '' &&
    userId.length <= 256 &&
    typeof supreme === 'boolean' &&
    typeof iat === 'number';
  if (!isWellFormed || typeof campaigns !== 'object' || campaigns === null)
    throw new UnauthenticatedError('The claims of the token are not well-formed.');
  const granted = new Map<string, ReadonlySet<Action>>();
  for (const [campaignId, grant] of Object.entries(campaigns as Record<string, unknown>)) {
    const list = (grant as { actions?: unknown } | null)?.actions;
    if (!Array.isArray(list)) throw new UnauthenticatedError('The claims of the token are not well-formed.');
    granted.set(campaignId, new Set(actions.filter(action => list.includes(action))));
  }
  return { userId, supreme, campaigns: granted, issuedAt: iat };
}
