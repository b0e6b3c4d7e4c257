import { describe, expect, it } from '@jest/globals';
import { REDACTED, redact, redactText } from './redact.ts';

describe('redact', () => {
  it.each([
    'password',
    'newPassword',
    'JWT_SECRET',
    'accessToken',
    'authorization',
    'cookie',
    'set-cookie',
    'apiKey',
    'email',
    'contactEmail',
  ])('hides what stands under %s, at any depth', key => {
    expect(redact({ [key]: 'value', list: [{ inner: { [key]: { deep: 1 } } }] })).toEqual({
      [key]: REDACTED,
      list: [{ inner: { [key]: REDACTED } }],
    });
  });

  it('hides e-mail addresses, tokens and the credentials of URLs inside of texts', () => {
    expect(redactText('mail jane.doe+x@mail.example.com now')).toBe(`mail ${REDACTED} now`);
    expect(redactText('Authorization: Bearer abc.def-ghi')).toBe(`Authorization: Bearer ${REDACTED}`);
    expect(redactText('token eyJhbGciOi.eyJzdWIi.c2ln ended')).toBe(`token ${REDACTED} ended`);
    expect(redactText('mongodb://user:pa55@db.internal:27017/x')).toBe(`mongodb://${REDACTED}@db.internal:27017/x`);
  });

  it('leaves plain values as they are', () => {
    const data = { status: 200, route: '/campaigns/:id', ok: true, none: null, at: new Date(0) };
    expect(redact(data)).toEqual(data);
  });

  it('shows an error with its causes, redacted', () => {
    const cause = Object.assign(new Error('connect to mongodb://u:p@host failed'), { code: 'ECONNREFUSED' });
    const shown = redact({ error: new TypeError('it broke', { cause }) });
    expect(shown).toMatchObject({
      error: {
        name: 'TypeError',
        message: 'it broke',
        cause: { name: 'Error', message: `connect to mongodb://${REDACTED}@host failed`, code: 'ECONNREFUSED' },
      },
    });
    expect((shown as { error: { stack: string } }).error.stack).toContain('redact.test');
    expect(JSON.stringify(shown)).not.toContain('u:p');
  });

  it('ends on values that contain themselves', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(JSON.stringify(redact(value))).toContain('[deep]');
  });

  it('cuts what is long', () => {
    expect((redact('x'.repeat(100_000)) as string).length).toBeLessThan(5000);
    expect(redact(Array.from({ length: 1000 }, (_, index) => index))).toHaveLength(100);
    expect(redact(Buffer.alloc(9))).toBe('[9 bytes]');
  });

  it('shows maps and sets by what they hold', () => {
    expect(redact({ map: new Map([['password', 'x']]), set: new Set([1]) })).toEqual({
      map: { password: REDACTED },
      set: [1],
    });
  });
});
