import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { UnauthorizedError, ValidationError, VersionMismatchError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { CampaignNotFoundError, InvalidCampaignError } from '../../errors.ts';
import { type Actor } from '../../policy.ts';
import { findFaqs, findTerms, updateFaqs, updateTerms } from './texts.ts';

const first = '0b6f1c1e-5a57-4d2f-9e0c-111111111111';
const second = '0b6f1c1e-5a57-4d2f-9e0c-222222222222';
const faq = (question: string, answer = `<p>${question}!</p>`) => ({ question, answer });

describe('the texts of a campaign', () => {
  const suite = useManagerWorld();
  const context = (actor: Actor | null = supreme) => suite.world.createContext(actor);
  const insert = () =>
    suite.insert(
      createCampaignDocument({
        locales: [
          { id: 'en', isDefault: true },
          { id: 'fr', isDefault: false },
          { id: 'fr-CA', isDefault: false },
          { id: 'tl', isDefault: false },
        ],
        content: {
          en: { faqs: { [first]: faq('Who'), [second]: faq('When') }, terms: 'Terms' },
          fr: { faqs: { [first]: faq('Qui') }, terms: 'Conditions' },
        },
      }),
    );

  describe('questions', () => {
    it('are given in a locale, each completed along the fallbacks', async () => {
      const { _id } = await insert();
      await expect(findFaqs(context(), _id, { locale: 'fr-CA' })).resolves.toEqual({
        locale: 'fr-CA',
        texts: { [first]: faq('Qui'), [second]: faq('When') },
        version: 1,
      });
      await expect(findFaqs(context(), _id, undefined)).resolves.toMatchObject({
        locale: 'en',
        texts: { [first]: faq('Who') },
      });
      await expect(findFaqs(context(), _id, { locale: 'f' })).rejects.toThrow(ValidationError);
    });

    it('are none where there are none', async () => {
      const { _id } = await suite.insert();
      await expect(findFaqs(context(), _id, { locale: 'fr' })).resolves.toEqual({
        locale: undefined,
        texts: {},
        version: 1,
      });
    });

    it('are changed one by one in the locale that is named, and taken away by null', async () => {
      const { _id } = await insert();
      const patch = { [first]: null, [second]: faq('Quand', 'a<script>b</script>') };
      await expect(updateFaqs(context(), _id, 'FR', patch, {})).resolves.toEqual({
        locale: 'fr',
        texts: { [second]: faq('Quand', 'a') },
        version: 2,
      });
      const after = await suite.campaigns.findById(_id);
      expect(after?.content?.['en']?.faqs).toEqual({ [first]: faq('Who'), [second]: faq('When') });
      expect((await suite.world.findChanges(_id))[0]).toMatchObject({ cause: 'campaign.faqs', version: 2 });
    });

    it('are written in the default where no locale is named', async () => {
      const { _id } = await insert();
      const { locale, texts } = await updateFaqs(context(), _id, undefined, { [first]: { question: 'Whom' } }, {});
      expect({ locale, question: texts[first]?.question }).toEqual({ locale: 'en', question: 'Whom' });
    });

    it('are written in the locale as the campaign spells it', async () => {
      const { _id } = await insert();
      await expect(updateFaqs(context(), _id, 'fr-ca', { [first]: faq('Qui ça') }, {})).resolves.toMatchObject({
        locale: 'fr-CA',
      });
      await expect(updateFaqs(context(), _id, 'tl', { [first]: faq('Sino') }, {})).resolves.toMatchObject({
        locale: 'tl',
      });
      await expect(findFaqs(context(), _id, { locale: 'tl' })).resolves.toMatchObject({
        texts: { [first]: faq('Sino') },
      });
    });

    it('are refused in a locale that is not declared, and where they break the schema', async () => {
      const { _id } = await insert();
      await expect(updateFaqs(context(), _id, 'de', { [first]: faq('Wer') }, {})).rejects.toThrow(InvalidCampaignError);
      await expect(updateFaqs(context(), _id, 'de', {}, {})).rejects.toThrow(InvalidCampaignError);
      await expect(updateFaqs(context(), _id, 'en', { here: faq('Where') }, {})).rejects.toThrow(ValidationError);
      await expect(updateFaqs(context(), _id, 'en', { [first]: { answer: null } }, {})).rejects.toMatchObject({
        details: [expect.objectContaining({ path: `/content/en/faqs/${first}/answer` })],
      });
      const { _id: bare } = await suite.insert();
      await expect(updateFaqs(context(), bare, undefined, { [first]: faq('Who') }, {})).rejects.toThrow();
    });

    it('are not written over a version that the caller has not seen', async () => {
      const { _id } = await insert();
      await expect(updateFaqs(context(), _id, 'en', {}, { expectedVersion: 2 })).rejects.toThrow(VersionMismatchError);
    });
  });

  describe('terms', () => {
    it('are given in a locale along the fallbacks; none is an empty text', async () => {
      const { _id } = await insert();
      await expect(findTerms(context(), _id, { locale: 'fr-CA' })).resolves.toEqual({
        locale: 'fr-CA',
        texts: 'Conditions',
        version: 1,
      });
      const { _id: bare } = await suite.insert();
      await expect(findTerms(context(), bare, undefined)).resolves.toMatchObject({ texts: '' });
    });

    it('are written, made safe, and taken away by null', async () => {
      const { _id } = await insert();
      const write = (terms: string | null) => updateTerms(context(), _id, 'fr', terms, {});
      await expect(write('<p onclick="x()">Neuf</p>')).resolves.toEqual({
        locale: 'fr',
        texts: '<p>Neuf</p>',
        version: 2,
      });
      await expect(write(null)).resolves.toEqual({ locale: 'fr', texts: '', version: 3 });
      await expect(findTerms(context(), _id, { locale: 'fr' })).resolves.toMatchObject({ texts: 'Terms' });
      expect((await suite.world.findChanges(_id))[0]).toMatchObject({ cause: 'campaign.terms' });
    });
  });

  it('need read to be read and update to be written, first; then a campaign', async () => {
    const { _id } = await insert();
    const reader = context(createActor('read', _id));
    const stranger = context(createActor('read', createId()));
    await expect(findTerms(reader, _id, undefined)).resolves.toMatchObject({ texts: 'Terms' });
    await expect(findFaqs(reader, _id, undefined)).resolves.toMatchObject({ version: 1 });
    await expect(updateTerms(reader, _id, undefined, 'Mine', {})).rejects.toThrow(UnauthorizedError);
    await expect(updateFaqs(reader, _id, undefined, {}, {})).rejects.toThrow(UnauthorizedError);
    await expect(findTerms(stranger, _id, undefined)).rejects.toThrow(UnauthorizedError);
    await expect(findFaqs(stranger, _id, undefined)).rejects.toThrow(UnauthorizedError);
    const missing = createId();
    await expect(findTerms(context(), missing, undefined)).rejects.toThrow(CampaignNotFoundError);
    await expect(updateTerms(context(), missing, undefined, '', {})).rejects.toThrow(CampaignNotFoundError);
  });
});
