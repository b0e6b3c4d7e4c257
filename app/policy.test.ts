import { describe, expect, it } from '@jest/globals';
import { UnauthenticatedError, UnauthorizedError } from '../lib/errors.ts';
import { CampaignNotFoundError } from './errors.ts';
import {
  type Action,
  actions,
  type Actor,
  authorize,
  isAllowed,
  selectActor,
  selectReadableCampaigns,
  throwIfNotSupreme,
} from './policy.ts';

const actor = (grants: Readonly<Record<string, readonly Action[]>>, supreme = false): Actor => ({
  userId: 'user',
  supreme,
  campaigns: new Map(Object.entries(grants).map(([id, granted]) => [id, new Set(granted)])),
  issuedAt: 0,
});
const notFound = () => new CampaignNotFoundError();

describe('what an actor may do', () => {
  it.each(actions)('%s is allowed where it is granted, by update, and to supreme users', action => {
    expect(isAllowed(actor({ a: [action] }), action, 'a')).toBe(true);
    expect(isAllowed(actor({ a: ['update'] }), action, 'a')).toBe(true);
    expect(isAllowed(actor({}, true), action, 'a')).toBe(true);
    expect(isAllowed(actor({ a: [action] }), action, 'b')).toBe(false);
    expect(isAllowed(actor({}), action, 'a')).toBe(false);
    expect(isAllowed(null, action, 'a')).toBe(false);
  });

  it('implies nothing but by update', () => {
    for (const granted of actions.filter(action => action !== 'update')) {
      const allowed = actions.filter(action => isAllowed(actor({ a: [granted] }), action, 'a'));
      expect(allowed).toEqual([granted]);
    }
  });

  it('is looked at before it is said whether the campaign exists', () => {
    const reader = actor({ a: ['read'] });
    expect(() => authorize(reader, 'read', 'a', {}, notFound)).not.toThrow();
    expect(() => authorize(reader, 'read', 'a', null, notFound)).toThrow(CampaignNotFoundError);
    for (const campaign of [{}, null]) {
      expect(() => authorize(reader, 'update', 'a', campaign, notFound)).toThrow(UnauthorizedError);
      expect(() => authorize(reader, 'read', 'b', campaign, notFound)).toThrow(UnauthorizedError);
      expect(() => authorize(null, 'read', 'a', campaign, notFound)).toThrow(UnauthorizedError);
    }
  });

  it('is everything for supreme users alone', () => {
    expect(() => throwIfNotSupreme(actor({}, true))).not.toThrow();
    for (const one of [null, actor({ a: ['update'] })]) expect(() => throwIfNotSupreme(one)).toThrow(UnauthorizedError);
  });

  it('lists the campaigns that may be read', () => {
    const some = actor({ a: ['read'], b: ['update'], c: ['state:update', 'media:join'], d: [] });
    expect(selectReadableCampaigns(some)).toEqual(['a', 'b']);
    expect(selectReadableCampaigns(actor({}, true))).toBe('all');
    expect(selectReadableCampaigns(null)).toEqual([]);
  });
});

describe('the claims of a token', () => {
  const iat = 1_700_000_000;

  it('say who it is and what is granted', () => {
    const claims = {
      userId: 'user',
      supreme: false,
      campaigns: { a: { actions: ['read', 'media:join'] } },
      iat,
      exp: 1,
    };
    expect(selectActor(claims)).toEqual({
      userId: 'user',
      supreme: false,
      campaigns: new Map([['a', new Set(['read', 'media:join'])]]),
      issuedAt: iat,
    });
  });

  it('need neither campaigns nor supreme', () => {
    expect(selectActor({ userId: 'user', iat })).toMatchObject({ supreme: false, campaigns: new Map() });
    expect(selectActor({ userId: 'user', supreme: true, iat }).supreme).toBe(true);
  });

  it('grant nothing by what is unknown', () => {
    const granted = selectActor({
      userId: 'user',
      iat,
      campaigns: { a: { actions: ['delete', '*', 'READ', 7, null, ['read']] }, constructor: { actions: ['read'] } },
    });
    expect(granted.campaigns.get('a')).toEqual(new Set());
    expect(isAllowed(granted, 'read', 'a')).toBe(false);
    expect(isAllowed(granted, 'read', 'toString')).toBe(false);
    expect(isAllowed(granted, 'read', '__proto__')).toBe(false);
  });

  it.each([
    ['no user', { iat }],
    ['an empty user', { userId: '', iat }],
    ['a user that is a number', { userId: 7, iat }],
    ['a user of endless length', { userId: 'x'.repeat(257), iat }],
    ['supreme as a text', { userId: 'user', supreme: 'true', iat }],
    ['supreme as a number', { userId: 'user', supreme: 1, iat }],
    ['no instant of issue', { userId: 'user' }],
    ['campaigns as a text', { userId: 'user', campaigns: 'all', iat }],
    ['campaigns as null', { userId: 'user', campaigns: null, iat }],
    ['a campaign without actions', { userId: 'user', campaigns: { a: {} }, iat }],
    ['a campaign as null', { userId: 'user', campaigns: { a: null }, iat }],
    ['actions as a text', { userId: 'user', campaigns: { a: { actions: 'update' } }, iat }],
  ])('are refused: %s', (_what, claims) => {
    expect(() => selectActor(claims)).toThrow(UnauthenticatedError);
  });
});
