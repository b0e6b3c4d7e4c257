import { describe, expect, it } from '@jest/globals';
import { createActor, supreme } from '../../test/support/manager-world.ts';
import { UnauthenticatedError, UnauthorizedError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { CampaignNotFoundError, ContactNotFoundError, MarketNotFoundError, PromoterNotFoundError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { admit, throwIfIllFormedId } from './admission.ts';
import { type Permission } from './route.ts';

const campaignId = createId();
const badToken = new UnauthenticatedError('The token is expired.');
const reader = createActor('read', campaignId);
const updater = createActor('update', campaignId);
const stranger = createActor('update', createId());

/** What a caller is told: the type of the error, or that it may pass. */
function admission(
  permission: Permission,
  actor: Actor | null,
  { params = { campaignId }, authError = null }: { params?: Record<string, string>; authError?: Error | null } = {},
): string {
  try {
    admit(permission, { actor, authError, params });
    return 'passes';
  } catch (error) {
    return (error as { type: string }).type;
  }
}

describe('the admission to a route', () => {
  const callers = { nobody: null, stranger, reader, updater, supreme };
  const table: Readonly<Record<Permission, readonly string[]>> = {
    public: ['passes', 'passes', 'passes', 'passes', 'passes'],
    'read-or-public': ['passes', 'passes', 'passes', 'passes', 'passes'],
    authenticated: ['UNAUTHENTICATED', 'passes', 'passes', 'passes', 'passes'],
    read: ['UNAUTHENTICATED', 'UNAUTHORIZED', 'passes', 'passes', 'passes'],
    update: ['UNAUTHENTICATED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'passes', 'passes'],
    supreme: ['UNAUTHENTICATED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'passes'],
  };

  it.each(Object.entries(table) as [Permission, string[]][])('%s', (permission, expected) => {
    expect(Object.values(callers).map(actor => admission(permission, actor))).toEqual(expected);
  });

  it('refuses a bad token wherever one is read, and where the public reads as well', () => {
    const admitted = (Object.keys(table) as Permission[]).filter(
      permission => admission(permission, null, { authError: badToken }) === 'passes',
    );
    expect(admitted).toEqual(['public']);
    expect(() => admit('read', { actor: null, authError: badToken, params: {} })).toThrow(badToken);
  });

  it('looks at the token first, then at the id, then at what is granted', () => {
    const params = { campaignId: 'no id' };
    expect(admission('read', null, { params })).toBe('UNAUTHENTICATED');
    expect(admission('read', null, { params, authError: badToken })).toBe('UNAUTHENTICATED');
    expect(admission('read', stranger, { params })).toBe('CAMPAIGN_NOT_FOUND');
    expect(admission('update', supreme, { params })).toBe('CAMPAIGN_NOT_FOUND');
    expect(admission('read', stranger)).toBe('UNAUTHORIZED');
  });

  it('grants nothing by other actions than those it asks for', () => {
    const single = (action: 'state:update' | 'media:join'): Actor => ({
      ...reader,
      campaigns: new Map([[campaignId, new Set([action])]]),
    });
    for (const action of ['state:update', 'media:join'] as const) {
      expect(admission('read', single(action))).toBe('UNAUTHORIZED');
      expect(admission('update', single(action))).toBe('UNAUTHORIZED');
    }
  });

  it('asks for the campaign that is named, so that a route without one admits nobody but supreme users', () => {
    expect(admission('read', reader, { params: {} })).toBe('UNAUTHORIZED');
    expect(admission('read', supreme, { params: {} })).toBe('passes');
  });

  it('tells who is not known with what a client can log in by', () => {
    expect(() => admit('read', { actor: null, authError: null, params: {} })).toThrow(UnauthenticatedError);
    expect(() => admit('read', { actor: stranger, authError: null, params: { campaignId } })).toThrow(
      UnauthorizedError,
    );
  });
});

describe('an ill-formed id in a path', () => {
  const id = createId();

  it.each([
    ['campaignId', CampaignNotFoundError],
    ['marketId', MarketNotFoundError],
    ['promoterId', PromoterNotFoundError],
    ['contactId', ContactNotFoundError],
  ])('%s leads to nothing that there could be', (name, error) => {
    for (const value of ['', 'x', id.toUpperCase(), `${id}0`, `${id}\n`, '$ne', '%2e%2e']) {
      expect(() => throwIfIllFormedId({ [name]: value })).toThrow(error);
    }
    expect(() => throwIfIllFormedId({ [name]: id })).not.toThrow();
  });

  it('is told by the first one', () => {
    expect(() => throwIfIllFormedId({ campaignId: 'x', marketId: 'y' })).toThrow(CampaignNotFoundError);
    expect(() => throwIfIllFormedId({ campaignId: id, marketId: 'y' })).toThrow(MarketNotFoundError);
  });

  it('is no concern of parameters that are other things', () => {
    expect(() => throwIfIllFormedId({ userId: 'anybody', eventId: 'E1', asset: 'docs.js' })).not.toThrow();
  });
});
