import { UnauthenticatedError, UnauthorizedError } from '../../lib/errors.ts';
import { isId } from '../../lib/ids.ts';
import { CampaignNotFoundError, ContactNotFoundError, MarketNotFoundError, PromoterNotFoundError } from '../errors.ts';
import { type Actor, isAllowed } from '../policy.ts';
import { type Permission } from './route.ts';

type Params = Readonly<Record<string, string>>;

/** The path parameters that are ids, and the error that an ill-formed one is. */
const idParams: Readonly<Record<string, () => Error>> = {
  campaignId: () => new CampaignNotFoundError(),
  marketId: () => new MarketNotFoundError(),
  promoterId: () => new PromoterNotFoundError(),
  contactId: () => new ContactNotFoundError(),
};

/** Throws the not-found error of the first path parameter that should be an id and is none. */
export function throwIfIllFormedId(params: Params): void {
  for (const name in params) {
    const error = idParams[name];
    if (error !== undefined && !isId(params[name] as string)) throw error();
  }
}

/**
 * Lets a caller through to a route, or throws `UnauthenticatedError` or `UnauthorizedError`. What a token grants is
 * decided here for the route as a whole, and by the managers for the documents that they touch.
 *
 * @param authError why the token that came is not good; a bad token is refused wherever one is read
 */
export function admit(
  permission: Permission,
  {
    actor,
    authError,
    params,
  }: { readonly actor: Actor | null; readonly authError: Error | null; readonly params: Params },
): void {
  if (permission === 'public') return;
  if (authError !== null) throw authError;
  if (permission === 'read-or-public') return;
  if (actor === null) throw new UnauthenticatedError();
  if (permission === 'supreme' && !actor.supreme) throw new UnauthorizedError();
  if (permission === 'read' || permission === 'update') {
    throwIfIllFormedId(params);
    if (!isAllowed(actor, permission, params['campaignId'] ?? '')) throw new UnauthorizedError();
  }
}
