import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildCampaign } from '../../../test/support/factories.ts';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { IdempotencyKeyReusedError, ServiceError, UnauthorizedError, ValidationError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { campaign as campaignSchema } from '../../../schemas/campaign.ts';
import { CampaignNameConflictError, DomainNameConflictError, InvalidCampaignError } from '../../errors.ts';
import { type IdempotencyKey, selectIdempotencyKey } from '../idempotency.ts';
import { toWire } from './content.ts';
import { create } from './create.ts';
import { update } from './update.ts';

describe('a new campaign', () => {
  const suite = useManagerWorld();
  const make = async (body: Readonly<Record<string, unknown>>, key?: IdempotencyKey) =>
    (await create(suite.world.createContext(), body, key)).document;

  it('needs no more than a name, and begins as a DRAFT of a registration of the current schema', async () => {
    const { _id, ...made } = await make({ name: 'Only A Name' });
    const by = await suite.world.datastores.users.findReference(supreme.userId);
    const now = new Date('2026-03-01T12:00:00.000Z');
    expect(made).toMatchObject({
      type: 'registration',
      schema: { version: 2 },
      status: 'DRAFT',
      statusHistory: [{ status: 'DRAFT', date: now, by }],
      identifier: 'only-a-name',
      date: { created: now, updated: now },
      audit: { createdBy: by, updatedBy: by },
      version: 1,
    });
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject(made);
  });

  it('is what the schema of campaigns says', async () => {
    const wire = toWire(await make({ ...buildCampaign(), password: 'open sesame' }));
    expect(createValidator(campaignSchema).selectFaults(wire)).toEqual([]);
  });

  it('is only made by a supreme user', async () => {
    for (const actor of [null, createActor('update', createId())]) {
      await expect(create(suite.world.createContext(actor), { name: 'Mine' })).rejects.toThrow(UnauthorizedError);
    }
  });

  it('has a slug of its name for an identifier, and another one when that is taken', async () => {
    const first = await make({ name: 'Die Ärzte & Freunde' });
    expect(first.identifier).toBe('die-aerzte-and-freunde');
    const second = await make({ name: 'Die Ärzte, and Freunde' });
    expect(second.identifier).toMatch(/^die-aerzte-and-freunde-[0-9a-f]{8}$/);
  });

  it('has an identifier that its schema takes, whatever its name is', async () => {
    const isIdentifier = createValidator(campaignSchema.properties.identifier);
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }), async name => {
        const made = await make({ name }).catch((error: unknown) => {
          // A name of spaces alone is none, and two may be the same.
          expect(error).toBeInstanceOf(ServiceError);
          return null;
        });
        if (made !== null) expect(isIdentifier.selectFaults(made.identifier)).toEqual([]);
      }),
      {
        numRuns: 60,
        examples: [['東京事変'], ['🎸'], ['-'], ['A'.repeat(200)], [`${'a'.repeat(99)} b`], ['__proto__']],
      },
    );
  });

  it('keeps the identifier that it is given, or is refused', async () => {
    await make({ name: 'Given', identifier: 'given' });
    await expect(make({ name: 'Given again', identifier: 'given' })).rejects.toThrow(InvalidCampaignError);
  });

  it('is stored in the form that is safe and compared', async () => {
    const made = await make({
      ...buildCampaign({ domain: { site: 'Made.Example.COM' } }),
      content: { en: { terms: 'a<script>b</script>' }, fr: {} },
    });
    expect(made.domain).toEqual({ site: 'made.example.com' });
    expect(made.content).toEqual({ en: { terms: 'a' }, fr: {} });
    expect(made.date.open).toBeInstanceOf(Date);
  });

  it('keeps no password, but its hash', async () => {
    const made = await make({ name: 'Protected', password: 'open sesame' });
    expect(made.password).toMatch(/^scrypt\$/);
    const [change] = await suite.world.findChanges(made._id);
    expect(JSON.stringify([made, change])).not.toContain('open sesame');
    expect(JSON.stringify(change)).not.toContain('scrypt');
  });

  it('is refused with every fault of its schema', async () => {
    await expect(
      make({
        colour: 'red',
        artist: { id: 'a' },
        date: { open: 'soon', created: '2026-01-01T00:00:00Z' },
        password: 'x',
      }),
    ).rejects.toMatchObject({
      type: 'VALIDATION_ERROR',
      details: expect.arrayContaining(
        ['/name', '/colour', '/artist/name', '/date/open', '/date/created', '/password'].map(path =>
          expect.objectContaining({ path }),
        ),
      ) as unknown,
    });
  });

  it('is refused when it breaks a rule, or names what does not exist', async () => {
    await expect(make({ name: 'Category', categoryId: 'c' })).rejects.toMatchObject({
      type: 'MISSING_PRESALE_WINDOW_DATE',
    });
    const missing = createId();
    const existing = await suite.insert();
    await expect(
      make({ name: 'Linked', linkedCampaignIds: [existing._id, missing], contacts: [missing] }),
    ).rejects.toMatchObject({
      type: 'INVALID_CAMPAIGN',
      details: [
        { path: '/linkedCampaignIds/1', message: 'does not exist' },
        { path: '/contacts/0', message: 'does not exist' },
      ],
    });
  });

  it('is refused when its name or its domain is taken', async () => {
    await make(buildCampaign({ name: 'Taken', domain: { site: 'taken.example.com' } }));
    await expect(make({ name: ' TAKEN ' })).rejects.toThrow(CampaignNameConflictError);
    await expect(make({ name: 'Free', domain: { site: 'TAKEN.example.com' } })).rejects.toThrow(
      DomainNameConflictError,
    );
  });

  it('leaves a change with its effects, its author and its correlation', async () => {
    const made = await make({ name: 'Recorded' });
    const changes = await suite.world.findChanges(made._id);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      cause: 'campaign.created',
      version: 1,
      campaignId: made._id,
      correlation: 'test',
      by: made.audit.createdBy,
    });
    expect(changes[0]?.pending.map(({ effect }) => effect)).toEqual([
      'kinesisCampaign',
      'fastlyPurge',
      'stateBroadcast',
    ]);
  });
});

describe('a new campaign under an idempotency key', () => {
  const suite = useManagerWorld();
  const keyOf = (key: string, body: unknown, userId = supreme.userId): IdempotencyKey => {
    const made = selectIdempotencyKey(userId, 'POST /campaigns', key, body);
    if (made === undefined) throw new Error('There is no key.');
    return made;
  };
  const make = async (key: string, body: Readonly<Record<string, unknown>>, userId?: string) =>
    (await create(suite.world.createContext(), body, keyOf(key, body, userId))).document;

  it('is made once, and given again as it is by then', async () => {
    const body = buildCampaign();
    const made = await make('once', body);
    await expect(make('once', body)).resolves.toMatchObject({ _id: made._id, version: 1 });
    await update(suite.world.createContext(), made._id, { name: 'Renamed since' });
    await expect(make('once', body)).resolves.toMatchObject({ _id: made._id, version: 2, name: 'Renamed since' });
    // Not even when somebody else has taken its name and its domain by then.
    await update(suite.world.createContext(), made._id, { domain: { site: 'moved.example.com' } });
    await create(suite.world.createContext(), body);
    await expect(make('once', body)).resolves.toMatchObject({ _id: made._id, version: 3 });
    await expect(suite.world.findChanges(made._id)).resolves.toHaveLength(3);
  });

  it('is made once when the key comes several times at once', async () => {
    const body = buildCampaign();
    const made = await Promise.all(Array.from({ length: 6 }, () => make('at once', body)));
    expect(new Set(made.map(({ _id }) => _id)).size).toBe(1);
    await expect(suite.world.findChanges(made[0]?._id ?? '')).resolves.toHaveLength(1);
  });

  it('is refused when the key stands for another body', async () => {
    await make('reused', buildCampaign());
    await expect(make('reused', buildCampaign())).rejects.toThrow(IdempotencyKeyReusedError);
  });

  it('is another one for another caller', async () => {
    const [one, other] = [await make('mine', buildCampaign()), await make('mine', buildCampaign(), 'somebody-else')];
    expect(one._id).not.toBe(other._id);
  });

  it('can be tried again with the same key when it was refused', async () => {
    const body = { name: 'Refused', categoryId: 'c' };
    await expect(make('refused', body)).rejects.toThrow(ServiceError);
    await expect(make('refused', { name: 'Refused' })).resolves.toMatchObject({ name: 'Refused' });
    await expect(make('invalid', {})).rejects.toThrow(ValidationError);
  });
});
