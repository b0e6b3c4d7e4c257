import { describe, expect, it } from '@jest/globals';
import { createSeal } from './seal.ts';

describe('a seal', () => {
  const seal = createSeal(Buffer.alloc(32, 1));

  it('is HMAC with SHA-256', () => {
    // RFC 4231, test case 2: read as UTF-16, its 28 bytes are 14 characters.
    const known = createSeal(Buffer.from('Jefe'));
    const text = Buffer.from('what do ya want for nothing?').toString('utf16le');
    const wanted = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(Buffer.from(known.mark(text), 'base64').toString('hex')).toBe(wanted);
  });

  it('fits the text that it was made for, and no other', () => {
    const mark = seal.mark('one');
    expect(mark).toHaveLength(44);
    expect([seal.fits('one', mark), seal.fits('two', mark)]).toEqual([true, false]);
    // The same bytes in UTF-8.
    expect(seal.fits('\ud800', seal.mark('\ufffd'))).toBe(false);
  });

  it('is not made without the key', () => {
    expect(seal.fits('one', createSeal(Buffer.alloc(32, 2)).mark('one'))).toBe(false);
  });

  it.each(['', '=', 'AAAA', 'ä'.repeat(44), 'A'.repeat(10_000)])('takes %j for none', mark => {
    expect(seal.fits('one', mark)).toBe(false);
  });
});
