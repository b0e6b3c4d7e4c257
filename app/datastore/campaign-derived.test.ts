import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { deriveFields, selectWords } from './campaign-derived.ts';

describe('the words of a text', () => {
  it.each([
    ['The Eras Tour', ['the', 'eras', 'tour']],
    ['Beyoncé — Renaissance', ['beyonce', 'renaissance']],
    ['Sigur Rós, AC/DC & Mötley Crüe', ['sigur', 'ros', 'ac', 'dc', 'motley', 'crue']],
    ['P!nk', ['p', 'nk']],
    ['ﬁnale ２０２６', ['finale', '2026']],
    ['宇多田ヒカル', ['宇多田ヒカル']],
    ['Кино', ['кино']],
    ['.*^$[](){}|\\+?', []],
    ['', []],
  ])('%j', (text, words) => {
    expect(selectWords(text)).toEqual(words);
  });

  it('hold letters and digits alone, so that none is an operator of regular expressions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        for (const word of selectWords(text)) {
          expect(word).toMatch(/^[\p{Letter}\p{Number}]+$/u);
          expect(new RegExp(`^${word}`).test(word)).toBe(true);
        }
      }),
    );
  });

  it('are the same however a text is written: in capitals, composed or decomposed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('é', 'Ü', 'ñ', 'Å', 'a', 'Z', ' ', '1')), letters => {
        const text = letters.join('');
        expect(selectWords(text.normalize('NFD'))).toEqual(selectWords(text.normalize('NFC')));
        expect(selectWords(text.toUpperCase())).toEqual(selectWords(text.toLowerCase()));
      }),
    );
  });

  it('are cut at the same length in what is stored and in what is searched for', () => {
    const name = '宇'.repeat(150);
    const [searched = ''] = selectWords(name);
    expect(searched).toBe('宇'.repeat(64));
    expect(deriveFields(createCampaignDocument({ name })).search).toContain(searched);
  });
});

describe('the derived fields of a campaign', () => {
  const campaign = createCampaignDocument({
    name: ' Björk LIVE ',
    artist: { id: 'a', name: 'Björk Guðmundsdóttir' },
    tour: { name: 'Cornucopia' },
    domain: { site: 'bjork.example.com' },
    identifier: 'bjork-2026',
  });

  it('have the words of name, artist, tour, domain and identifier, each once', () => {
    const { search } = deriveFields(campaign);
    expect([...search].sort()).toEqual(
      ['2026', 'bjork', 'com', 'cornucopia', 'example', 'guðmundsdottir', 'live'].sort(),
    );
  });

  it('have the name in lower case as a unique key, except while INACTIVE', () => {
    for (const status of ['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED'] as const) {
      expect(deriveFields({ ...campaign, status }).nameKey).toBe('björk live');
    }
    expect(deriveFields({ ...campaign, status: 'INACTIVE' })).not.toHaveProperty('nameKey');
  });

  it('stay within what an index takes', () => {
    const { search } = deriveFields({ ...campaign, name: Array.from({ length: 150 }, (_, at) => `w${at}`).join(' ') });
    expect(search).toHaveLength(100);
  });
});
