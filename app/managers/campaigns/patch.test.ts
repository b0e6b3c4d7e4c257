import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { ServiceError, ValidationError } from '../../../lib/errors.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { campaign as campaignSchema, type CampaignStatus, campaignStatuses } from '../../../schemas/campaign.ts';
import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { finishCampaign, toWire } from './content.ts';
import { type CampaignPatch, patchCampaign, type PatchOptions } from './patch.ts';
import { transitions } from './transitions.ts';
import { readOnlyFields, selectFaults, selectSchema } from './validation.ts';

const at = new Date('2026-04-01T00:00:00.000Z');
const question = '0b6f1c1e-5a57-4d2f-9e0c-111111111111';

const apply = (
  campaign: CampaignDocument,
  patch: CampaignPatch,
  password?: PatchOptions['password'],
): CampaignDocument => patchCampaign(campaign, patch, { at, by: 'patcher', password });

/** The type and the paths of what a patch is refused with. */
function selectRefusal(campaign: CampaignDocument, patch: CampaignPatch): { type: string; paths: unknown[] } | null {
  try {
    apply(campaign, patch);
    return null;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { type: error.type, paths: error.details?.map(({ path }) => path) ?? [] };
  }
}

/** What of a campaign's wire form a client could have written. */
function selectWritten(campaign: CampaignDocument): CampaignWrite {
  const {
    _id,
    status: _status,
    statusHistory,
    version,
    audit,
    isPasswordProtected,
    date,
    ...written
  } = toWire(campaign) as unknown as CampaignWrite & Record<string, unknown>;
  const dates: Record<string, unknown> = { ...date };
  for (const name of ['created', 'updated', 'opened', 'closed', 'inactivated']) delete dates[name];
  return { ...written, date: dates };
}

describe('the size of a campaign', () => {
  it('does not count the record of its last change, which lies in the document for a while', () => {
    const pendingChange = {
      id: 'change',
      version: 1,
      at,
      cause: 'campaign.updated',
      effects: [],
      by: 'patcher',
      correlation: 'c',
      diff: { before: {}, after: { note: 'x'.repeat(600 * 1024) } },
    } as const;
    const campaign = createCampaignDocument({}, { pendingChange });
    expect(apply(campaign, { name: 'Renamed' })).toMatchObject({ name: 'Renamed' });
  });
});

describe('a patch of a campaign', () => {
  it('merges objects, replaces lists and values, and leaves alone what it does not name', () => {
    const before = createCampaignDocument();
    const after = apply(before, {
      content: { fr: { landing: { body: '<p>Venez.</p>' } } },
      locales: [
        { id: 'fr', isDefault: true },
        { id: 'en', isDefault: false },
      ],
      tour: { name: 'The Tour' },
    });
    expect(after.content).toEqual({
      en: before.content?.['en'],
      fr: { landing: { title: 'Inscrivez-vous', body: '<p>Venez.</p>' } },
    });
    expect(after.locales).toEqual([
      { id: 'fr', isDefault: true },
      { id: 'en', isDefault: false },
    ]);
    expect(after.tour).toEqual({ name: 'The Tour' });
    expect(after.artist).toBe(before.artist);
    expect(after.domain).toBe(before.domain);
  });

  it('takes away by null', () => {
    const before = createCampaignDocument({ tour: { name: 'The Tour' } });
    const after = apply(before, { tour: null, domain: { preview: null }, content: { fr: null } });
    expect(after).not.toHaveProperty('tour');
    expect(after.domain).toEqual({ site: before.domain?.site });
    expect(Object.keys(after.content ?? {})).toEqual(['en']);
  });

  it('keeps the dates that the server set, also when it takes away all dates', () => {
    const before = createCampaignDocument();
    expect(apply(before, { date: null }).date).toEqual({ created: before.date.created, updated: before.date.updated });
    const close = '2026-05-01T00:00:00.000Z';
    expect(apply(before, { date: { close } }).date).toEqual({ ...before.date, close: new Date(close) });
  });

  it('gives back the very campaign when it changes nothing', () => {
    const before = createCampaignDocument({}, { password: 'scrypt$hash' });
    const patches: CampaignPatch[] = [
      {},
      { name: before.name },
      { status: before.status },
      { tour: null, nothing: null },
      { domain: { site: before.domain?.site }, date: {} },
      toWire(before),
      JSON.parse(JSON.stringify(toWire(before))) as CampaignPatch,
    ];
    for (const patch of patches) expect(apply(before, patch)).toBe(before);
    expect(apply(createCampaignDocument(), {}, null)).not.toHaveProperty('password');
  });

  it('lets read-only fields pass that equal what is stored, beside a change', () => {
    const before = createCampaignDocument({}, { password: 'scrypt$hash' });
    const after = apply(before, { ...toWire(before), name: 'Renamed' });
    expect(after).toEqual({
      ...before,
      name: 'Renamed',
      nameKey: 'renamed',
      search: after.search,
    });
  });

  it.each([
    ['_id', { _id: '0123456789abcdef01234567' }, '/_id'],
    ['version', { version: 2 }, '/version'],
    ['history', { statusHistory: [] }, '/statusHistory'],
    ['audit', { audit: { updatedBy: 'me' } }, '/audit'],
    ['protection', { isPasswordProtected: true }, '/isPasswordProtected'],
    ['instant of creation', { date: { created: '2020-01-01T00:00:00.000Z' } }, '/date/created'],
    ['instant of opening', { date: { opened: '2020-01-01T00:00:00.000Z' } }, '/date/opened'],
    ['instant of creation, taken away', { date: { created: null } }, '/date/created'],
    ['version, taken away', { version: null }, '/version'],
  ])('may not change what is the server’s: %s', (_what, patch, path) => {
    expect(selectRefusal(createCampaignDocument(), patch)).toEqual({ type: 'VALIDATION_ERROR', paths: [path] });
  });

  it.each(['nameKey', 'search', 'pendingChange', 'idempotency', 'deleted', 'unheardOf', 'toString', 'hasOwnProperty'])(
    'knows no field %s',
    field => {
      expect(selectRefusal(createCampaignDocument(), { [field]: 'x' })).toEqual({
        type: 'VALIDATION_ERROR',
        paths: [`/${field}`],
      });
    },
  );

  it('tells every fault at once, of whichever kind', () => {
    const patch = { version: 9, name: '', colour: 'red', date: { opened: at.toISOString(), open: 'tomorrow' } };
    const { paths } = selectRefusal(createCampaignDocument(), patch) ?? {};
    expect(paths).toEqual(expect.arrayContaining(['/version', '/name', '/colour', '/date/opened', '/date/open']));
  });

  it('sanitises what it changes', () => {
    const after = apply(createCampaignDocument(), { content: { en: { terms: 'a<script>b</script>' } } });
    expect(after.content?.['en']?.terms).toBe('a');
  });

  it('is refused when it breaks a rule of the whole', () => {
    const before = createCampaignDocument();
    expect(selectRefusal(before, { date: { close: '2026-01-01T00:00:00.000Z' } })?.type).toBe('INVALID_CAMPAIGN');
    expect(selectRefusal(before, { content: { de: {} } })?.paths).toEqual(['/content/de']);
    expect(selectRefusal(before, { locales: [{ id: 'en', isDefault: true }] })?.paths).toEqual(['/content/fr']);
    expect(selectRefusal(before, { faqs: { landing: { open: [question] } } })?.paths).toEqual(['/faqs/landing/open/0']);
  });

  it('changes the identifier, and takes it away from no campaign', () => {
    expect(apply(createCampaignDocument(), { identifier: 'other' }).identifier).toBe('other');
    expect(selectRefusal(createCampaignDocument(), { identifier: null })).toEqual({
      type: 'VALIDATION_ERROR',
      paths: ['/identifier'],
    });
  });

  it('takes away one question by null', () => {
    const faq = { question: 'Who?', answer: 'You.' };
    const before = createCampaignDocument({ content: { en: { faqs: { [question]: faq } } } });
    expect(apply(before, { content: { en: { faqs: { [question]: null } } } }).content).toEqual({ en: { faqs: {} } });
  });
});

describe('a patch of the status', () => {
  const draft = createCampaignDocument({ type: 'registration' });
  const incomplete = createCampaignDocument();
  delete (incomplete as { artist?: unknown }).artist;

  it('makes the transition and writes it into the history', () => {
    const after = apply(draft, { status: 'OPEN' });
    expect(after).toMatchObject({ status: 'OPEN', date: { opened: at } });
    expect(after.statusHistory.at(-1)).toEqual({ status: 'OPEN', date: at, by: 'patcher' });
    expect(after.domain).not.toHaveProperty('preview');
  });

  it('refuses what is no transition, and what is no status', () => {
    expect(selectRefusal(draft, { status: 'CLOSED' })?.type).toBe('INVALID_CAMPAIGN_STATUS_CHANGE');
    for (const status of ['open', null, 7, {}, ['OPEN']]) {
      expect(selectRefusal(draft, { status })).toEqual({ type: 'VALIDATION_ERROR', paths: ['/status'] });
    }
  });

  it('lets only a complete campaign leave DRAFT', () => {
    for (const status of ['PREVIEW', 'OPEN']) {
      expect(selectRefusal(incomplete, { status })).toEqual({ type: 'VALIDATION_ERROR', paths: ['/artist'] });
    }
    const artist = { id: 'a', name: 'The Examples' };
    expect(apply(incomplete, { status: 'OPEN', artist })).toMatchObject({ status: 'OPEN', artist });
  });

  it('keeps a campaign complete once it has left DRAFT', () => {
    const open = apply(draft, { status: 'OPEN' });
    expect(selectRefusal(open, { artist: null })).toEqual({ type: 'VALIDATION_ERROR', paths: ['/artist'] });
    expect(selectRefusal(open, { domain: { site: null } })?.paths).toEqual(['/domain/site']);
    const preview = apply(draft, { status: 'PREVIEW' });
    expect(apply(preview, { status: 'DRAFT', artist: null })).not.toHaveProperty('artist');
  });

  it('makes no campaign INACTIVE: that is the refresh’s alone', () => {
    const closed = apply(apply(draft, { status: 'OPEN' }), { status: 'CLOSED' });
    for (const campaign of [draft, apply(draft, { status: 'OPEN' }), closed]) {
      expect(selectRefusal(campaign, { status: 'INACTIVE' })?.type).toBe('INVALID_CAMPAIGN_STATUS_CHANGE');
    }
  });

  it('leaves an INACTIVE campaign without domain and unique name, whatever else is edited', () => {
    const closed = apply(apply(draft, { status: 'OPEN' }), { status: 'CLOSED' });
    const inactive = finishCampaign(closed, closed, { status: 'INACTIVE', at, by: 'system' });
    expect(inactive.domain).not.toHaveProperty('site');
    const renamed = apply(inactive, { name: 'Remembered' });
    expect(renamed).toMatchObject({ name: 'Remembered', status: 'INACTIVE' });
    expect(renamed).not.toHaveProperty('nameKey');
    expect(selectRefusal(inactive, { domain: { site: 'back.example.com' } })?.type).toBe('INVALID_CAMPAIGN');
    for (const status of ['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED']) {
      expect(selectRefusal(inactive, { status })?.type).toBe('INVALID_CAMPAIGN_STATUS_CHANGE');
    }
  });

  it('wants of a fan list neither a close nor a presale window', () => {
    const list = createCampaignDocument({ type: 'fanlist', date: { open: '2026-03-02T00:00:00.000Z' } });
    expect(apply(list, { status: 'OPEN' }).status).toBe('OPEN');
    const window = { presaleWindowStart: '2026-05-01T00:00:00.000Z', presaleWindowEnd: '2026-05-02T00:00:00.000Z' };
    expect(selectRefusal(list, { status: 'OPEN', date: window })?.paths).toEqual([
      '/date/presaleWindowStart',
      '/date/presaleWindowEnd',
    ]);
  });

  it('wants of a campaign of the first schema nothing that it did not know', () => {
    const first = createCampaignDocument({ schema: { version: 1 } });
    expect(apply(first, { status: 'OPEN' }).status).toBe('OPEN');
    expect(selectRefusal(first, { status: 'OPEN', style: { primaryColor: '#000000' } })?.paths).toEqual(['/style']);
  });
});

describe('a patch of the password', () => {
  it('stores the hash alone, and takes it away by null', () => {
    const before = createCampaignDocument();
    const locked = apply(before, { password: 'open sesame' }, 'scrypt$hash');
    expect(locked.password).toBe('scrypt$hash');
    expect(JSON.stringify(locked)).not.toContain('open sesame');
    expect(apply(locked, { name: 'Renamed' }).password).toBe('scrypt$hash');
    expect(apply(locked, { password: 'another' }, 'scrypt$other').password).toBe('scrypt$other');
    expect(apply(locked, { password: null }, null)).toEqual(before);
  });

  it('is refused when it is too short, too long or no text', () => {
    for (const password of ['abc', 'x'.repeat(201), 12345, {}, []]) {
      expect(selectRefusal(createCampaignDocument(), { password })?.paths).toEqual(['/password']);
    }
  });
});

describe('any patch at all', () => {
  const shown = createValidator(campaignSchema);
  const names = [
    ...Object.keys(campaignSchema.properties),
    'password',
    'nameKey',
    'search',
    '__proto__',
    'constructor',
  ];
  const instants = ['2026-03-01T00:00:00.000Z', '2026-03-05T12:00:00+02:00', '2027-01-01T00:00:00Z', 'soon'];

  afterEach(() => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  const text = fc.oneof(
    fc.constantFrom(...instants, 'en', 'fr', '<b>x</b>', '&'.repeat(30_000), 'A.example.com', '#000000', question, ''),
    fc.string({ maxLength: 8 }),
  );
  const scalar = fc.oneof(text, fc.constant(null), fc.boolean(), fc.integer({ min: -1, max: 3 }));
  const keys = fc.oneof(
    fc.constantFrom(
      'en',
      'fr',
      'id',
      'name',
      'site',
      'open',
      'close',
      'version',
      'created',
      'landing',
      'terms',
      'body',
    ),
    fc.constantFrom('isDefault', 'faqs', question, '__proto__', 'constructor', 'prototype', 'polluted', 'toString'),
    fc.string({ maxLength: 4 }),
  );
  /** Objects as JSON.parse makes them: `__proto__` is a name like any other. */
  const object = <T>(values: fc.Arbitrary<T>, by: fc.Arbitrary<string> = keys): fc.Arbitrary<Record<string, T>> =>
    fc
      .array(fc.tuple(by, values), { maxLength: 4 })
      .map(
        entries =>
          JSON.parse(
            `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
          ) as Record<string, T>,
      );
  const json = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 3 }), object(tie('value'))),
  })).value;
  const status = fc.constantFrom<unknown>(...campaignStatuses, null, 'open');
  /** What has a chance to be accepted. */
  const sensible = fc.record(
    {
      status,
      name: text,
      tour: fc.option(fc.record({ name: text })),
      domain: fc.option(object(text, fc.constantFrom('site', 'preview'))),
      date: fc.option(
        object(fc.option(fc.constantFrom(...instants)), fc.constantFrom('open', 'close', 'start', 'end')),
      ),
      content: fc.option(
        object(
          fc.option(
            object(
              fc.oneof(fc.option(text), object(fc.option(text), fc.constantFrom('body', 'title'))),
              fc.constantFrom('terms', 'landing', 'email'),
            ),
          ),
          fc.constantFrom('en', 'fr'),
        ),
      ),
      artist: fc.option(fc.constant({ id: 'a', name: 'A' })),
      options: fc.option(object(fc.boolean(), fc.constantFrom('attendance', 'showAccessCode'))),
      type: fc.constantFrom('registration', 'fanlist'),
      schema: fc.record({ version: fc.constantFrom(1, 2) }),
    },
    { requiredKeys: [] },
  );
  const patches = fc.array(fc.oneof(sensible, object(json, fc.constantFrom(...names)), object(json)), {
    minLength: 1,
    maxLength: 5,
  });

  it('is refused, or leaves a campaign that keeps its schema and its machine; nothing reaches a prototype', () => {
    let accepted = 0;
    fc.assert(
      fc.property(patches, all => {
        let campaign = createCampaignDocument();
        for (const patch of all) {
          const { status: from }: { status: CampaignStatus } = campaign;
          let next: CampaignDocument;
          try {
            next = apply(campaign, patch);
          } catch (error) {
            // Refused, and not broken.
            if (error instanceof ServiceError && error.status === 400) continue;
            throw error;
          }
          accepted += 1;
          expect([from, ...transitions[from]]).toContain(next.status);
          expect(shown.selectFaults(toWire(next))).toEqual([]);
          expect(selectFaults(selectSchema(next, next.status), selectWritten(next))).toEqual([]);
          expect(Object.getPrototypeOf(next)).toBe(Object.prototype);
          for (const value of Object.values(next)) {
            if (typeof value === 'object' && !Array.isArray(value)) {
              expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
            }
          }
          expect(next.date.created).toEqual(campaign.date.created);
          expect(next._id).toBe(campaign._id);
          campaign = next;
        }
      }),
      { numRuns: 300 },
    );
    // A test in which nothing is accepted shows nothing.
    expect(accepted).toBeGreaterThan(100);
  });

  it('says the same when it is applied twice', () => {
    fc.assert(
      fc.property(sensible, patch => {
        const { status: _status, ...content } = patch;
        const before = createCampaignDocument();
        let once: CampaignDocument;
        try {
          once = apply(before, content);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
          return;
        }
        expect(apply(once, content)).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  it('never refuses a campaign that is read and sent back as it is', () => {
    fc.assert(
      fc.property(patches, all => {
        let campaign = createCampaignDocument();
        for (const patch of all) {
          try {
            campaign = apply(campaign, patch);
          } catch (error) {
            if (!(error instanceof ServiceError)) throw error;
          }
          expect(apply(campaign, JSON.parse(JSON.stringify(toWire(campaign))) as CampaignPatch)).toBe(campaign);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has its read-only fields named in the schema that it is shown by', () => {
    for (const path of readOnlyFields) {
      const [field = '', name] = path.split('.');
      const schema = (campaignSchema.properties as Record<string, { properties?: object }>)[field];
      expect(schema).toBeDefined();
      if (name !== undefined) expect(schema?.properties).toHaveProperty(name);
    }
    expect(() => apply(createCampaignDocument(), { version: 2 })).toThrow(ValidationError);
  });
});
