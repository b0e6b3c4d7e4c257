import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ValidationError } from '../../lib/errors.ts';
import { eventStates } from '../../schemas/event-envelope.ts';
import { CampaignNotFoundError, EventExpiredError } from '../errors.ts';
import {
  createLifeEvent,
  formatEventType,
  formatFailure,
  readRequest,
  selectEventName,
  toServiceError,
} from './envelope.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const read = (input: unknown) => readRequest(input, { userId: 'ann', now });
const request = { type: 'campaign:update:v1:requested', eventId: 'e-1' };

describe('a request', () => {
  it('is read with the parts of its type', () => {
    const envelope = read({ ...request, payload: { campaignId: 'c' }, timestamp: '2026-03-01T11:59:00Z' });
    expect(envelope).toEqual({
      ...request,
      name: { service: 'campaign', action: 'update', version: 1, state: 'requested' },
      payload: { campaignId: 'c' },
      metadata: { correlation: 'e-1', user: { userId: 'ann' } },
      timestamp: '2026-03-01T11:59:00Z',
    });
  });

  it.each([
    'campaign:update',
    'campaign:update:v0:requested',
    'campaign:update:v01:requested',
    'campaign:update:1:requested',
    'Campaign:update:v1:requested',
    'campaign:update:v1:request',
    'campaign:update:v1:requested:more',
    'campaign:update:v1:requested\n',
    ':update:v1:requested',
    '1campaign:update:v1:requested',
    '',
    7,
    null,
    undefined,
  ])('of the type %j is refused', type => {
    expect(() => read({ ...request, type })).toThrow(ValidationError);
  });

  it.each([null, undefined, 'text', 7, [], [request], true])('that is %j is refused', input => {
    expect(() => read(input)).toThrow(ValidationError);
  });

  it.each([
    { eventId: undefined },
    { eventId: '' },
    { eventId: 'a b' },
    { eventId: 'x'.repeat(129) },
    { payload: [] },
    { payload: 'text' },
    { metadata: 7 },
    { metadata: { campaign: {} } },
    { timestamp: 'yesterday' },
    { more: 1 },
  ])('with %j is refused', part => {
    expect(() => read({ ...request, ...part })).toThrow(ValidationError);
  });

  it('cannot say whose it is', () => {
    const { metadata } = read({
      ...request,
      metadata: { user: { userId: 'admin', roles: ['all'] }, correlation: 'c-1' },
    });
    expect(metadata).toEqual({ user: { userId: 'ann' }, correlation: 'c-1' });
  });

  it('may be written in the names of older senders, but for what is inside an update', () => {
    const { type, eventId, payload, metadata } = read({
      type: 'campaign:state:request',
      event_id: 'e-1',
      payload: { campaign_id: 'c', updates: { user_id: 'stays' } },
      metadata: { campaign: { campaign_id: 'c' }, device: { device_id: 'd' } },
    });
    expect([type, eventId]).toEqual(['campaign:state:v1:requested', 'e-1']);
    expect(payload).toEqual({ campaignId: 'c', updates: { user_id: 'stays' } });
    expect(metadata).toMatchObject({ campaign: { campaignId: 'c' }, device: { deviceId: 'd' } });
  });

  it('that waited longer than repeats are known is refused', () => {
    expect(read({ ...request, timestamp: '2026-02-28T12:00:00Z' }).eventId).toBe('e-1');
    expect(() => read({ ...request, timestamp: '2026-02-28T11:59:59Z' })).toThrow(EventExpiredError);
  });
});

describe('an answer', () => {
  it('has an id of its own and names the request', () => {
    const envelope = read({ ...request, metadata: { correlation: 'c-1' } });
    const answer = createLifeEvent(envelope, 'success', { version: 2 }, now);
    expect(answer).toMatchObject({
      type: 'campaign:update:v1:success',
      causeId: 'e-1',
      payload: { version: 2 },
      metadata: { correlation: 'c-1', user: { userId: 'ann' } },
      timestamp: now.toISOString(),
    });
    expect(answer.eventId).not.toBe('e-1');
  });

  it('that tells a failure names an error of the list, and nothing of a fault of ours', () => {
    expect(formatFailure(toServiceError(new CampaignNotFoundError()))).toEqual({
      error: { type: 'CAMPAIGN_NOT_FOUND', message: 'There is no such campaign.' },
    });
    const { error } = formatFailure(toServiceError(new TypeError('secret inside')));
    expect(error.type).toBe('INTERNAL_ERROR');
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

describe('a type', () => {
  it('is read as it was written', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/);
    const name = fc.record({
      service: word,
      action: word,
      version: fc.integer({ min: 1, max: 99 }),
      state: fc.constantFrom(...eventStates),
    });
    fc.assert(
      fc.property(name, parts => {
        expect(selectEventName(formatEventType(parts, parts.state))).toEqual(parts);
        expect(read({ ...request, type: formatEventType(parts, parts.state) }).name).toEqual(parts);
      }),
    );
  });
});
