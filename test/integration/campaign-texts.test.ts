import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';

interface Faqs {
  readonly locale?: string;
  readonly faqs: Readonly<Record<string, { readonly question: string; readonly answer: string }>>;
}

interface Terms {
  readonly locale?: string;
  readonly terms: string;
}

const locales = [
  { id: 'en', isDefault: true },
  { id: 'fr', isDefault: false },
  { id: 'fr-CA', isDefault: false },
];

describe('the texts of a campaign over HTTP', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  const prepare = (content: NonNullable<Campaign['content']> = {}) => createCampaign(test.client, { locales, content });

  describe('questions', () => {
    it('are written and read a locale at a time; null takes one away', async () => {
      const { _id } = await prepare();
      const [first, second] = [randomUUID(), randomUUID()];
      const path = `/campaigns/${_id}/faqs`;
      const written = await test.client.post<Faqs>(
        path,
        {
          faqs: { [first]: { question: 'When?', answer: 'Soon.' }, [second]: { question: 'Where?', answer: 'Here.' } },
        },
        { query: { locale: 'fr' } },
      );
      expect(written.data.locale).toBe('fr');
      expect(Object.keys(written.data.faqs).sort()).toEqual([first, second].sort());
      await test.client.post(
        path,
        { faqs: { [first]: null, [second]: { answer: 'There.' } } },
        { query: { locale: 'fr' } },
      );
      const read = await test.client.get<Faqs>(path, { query: { locale: 'fr' } });
      expect(read.data).toEqual({ locale: 'fr', faqs: { [second]: { question: 'Where?', answer: 'There.' } } });
      expect((await test.client.get<Faqs>(path)).data).toEqual({ locale: 'en', faqs: {} });
    });

    it('are completed field by field along fr-CA, fr and the default', async () => {
      const [shared, own] = [randomUUID(), randomUUID()];
      const { _id } = await prepare({
        en: { faqs: { [shared]: { question: 'When?', answer: 'Soon.' } } },
        fr: { faqs: { [shared]: { question: 'Quand?', answer: 'Bientôt.' } } },
        'fr-CA': { faqs: { [own]: { question: 'Où?', answer: 'Ici.' } } },
      });
      const { data } = await test.client.get<Faqs>(`/campaigns/${_id}/faqs`, { query: { locale: 'fr-CA' } });
      expect(data).toEqual({
        locale: 'fr-CA',
        faqs: { [own]: { question: 'Où?', answer: 'Ici.' }, [shared]: { question: 'Quand?', answer: 'Bientôt.' } },
      });
    });

    it('hold safe markup alone', async () => {
      const { _id } = await prepare();
      const id = randomUUID();
      const { data } = await test.client.post<Faqs>(`/campaigns/${_id}/faqs`, {
        faqs: { [id]: { question: 'Why?', answer: '<em>So</em><img src=x onerror=alert(1)>' } },
      });
      expect(data.faqs[id]?.answer).toBe('<em>So</em>');
    });

    it('cannot be taken away while the order of a page names them', async () => {
      const id = randomUUID();
      const { _id } = await prepare({ en: { faqs: { [id]: { question: 'When?', answer: 'Soon.' } } } });
      await test.client.patch(`/campaigns/${_id}`, { faqs: { landing: { open: [id] } } });
      const refused = await test.client.post(`/campaigns/${_id}/faqs`, { faqs: { [id]: null } });
      expect(refused.error.type).toBe('INVALID_CAMPAIGN');
    });

    it('have UUIDs for names, and both a question and an answer', async () => {
      const { _id } = await prepare();
      const faults = async (faqs: unknown) =>
        (await test.client.post(`/campaigns/${_id}/faqs`, { faqs })).error.details?.map(({ path }) => path);
      expect(await faults({ one: { question: 'When?', answer: 'Soon.' } })).toEqual(['/content/en/faqs/one']);
      const id = randomUUID();
      expect(await faults({ [id]: { question: 'When?' } })).toEqual([`/content/en/faqs/${id}/answer`]);
      expect(await faults('none')).toEqual(['/faqs']);
    });
  });

  describe('terms', () => {
    it('are written and read a locale at a time, fall back, and go with null', async () => {
      const { _id } = await prepare({ en: { terms: 'Terms.' } });
      const path = `/campaigns/${_id}/terms`;
      const french = { query: { locale: 'fr' } };
      expect((await test.client.get<Terms>(path, french)).data).toEqual({ locale: 'fr', terms: 'Terms.' });
      const written = await test.client.post<Terms>(path, { terms: '<p>Conditions.</p><script>x</script>' }, french);
      expect(written.data).toEqual({ locale: 'fr', terms: '<p>Conditions.</p>' });
      expect((await test.client.get<Terms>(path, { query: { locale: 'fr-CA' } })).data.terms).toBe(
        '<p>Conditions.</p>',
      );
      await test.client.post(path, { terms: null }, french);
      expect((await test.client.get<Terms>(path, french)).data.terms).toBe('Terms.');
    });

    it('are written in the spelling in which the locale is declared', async () => {
      const { _id } = await prepare();
      const { data } = await test.client.post<Terms>(
        `/campaigns/${_id}/terms`,
        { terms: 'Oui.' },
        { query: { locale: 'FR-ca' } },
      );
      expect(data).toEqual({ locale: 'fr-CA', terms: 'Oui.' });
    });
  });

  describe.each(['faqs', 'terms'])('%s', kind => {
    const body = kind === 'faqs' ? { faqs: {} } : { terms: 'New terms.' };

    it('are not written in a locale that the campaign does not declare', async () => {
      const { _id } = await prepare();
      const refused = await test.client.post(
        `/campaigns/${_id}/${kind}`,
        kind === 'faqs' ? { faqs: { [randomUUID()]: { question: 'Q', answer: 'A' } } } : body,
        { query: { locale: 'de' } },
      );
      expect(refused.error.type).toBe('INVALID_CAMPAIGN');
    });

    it('have no ill-formed locale', async () => {
      const { _id } = await prepare();
      for (const locale of ['x', 'en_US', '12', 'en-']) {
        const { error } = await test.client.get(`/campaigns/${_id}/${kind}`, { query: { locale } });
        expect(error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: 'locale' }] });
      }
    });

    it('count as a change of the campaign, under its version', async () => {
      const { _id } = await prepare();
      const change =
        kind === 'faqs' ? { faqs: { [randomUUID()]: { question: 'When?', answer: 'Soon.' } } } : { terms: 'Other.' };
      const stale = await test.client.post(`/campaigns/${_id}/${kind}`, change, { headers: { 'if-match': '"7"' } });
      expect(stale.error.type).toBe('VERSION_MISMATCH');
      await test.client.post(`/campaigns/${_id}/${kind}`, change, { headers: { 'if-match': '"1"' } });
      const { data } = await test.client.get<{ version: number; cause: string }[]>(`/campaigns/${_id}/history`);
      expect(data[0]).toMatchObject({ version: 2, cause: `campaign.${kind}` });
    });
  });
});
