import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createActor } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { campaign as campaignSchema } from '../../../schemas/campaign.ts';
import { InvalidPresaleWindowOrderError, MissingPresaleWindowDateError } from '../../errors.ts';
import { marketManager } from '../markets/manager.ts';
import { toWire } from '../patching.ts';
import { findByEvent, findCategoryIds, findEventIds, findIds, list, selectPresaleWindow } from './list.ts';

const window = { start: new Date('2026-04-01T00:00:00Z'), end: new Date('2026-05-01T00:00:00Z') };
const page = { sortBy: 'name', direction: 1, page: 0, pageSize: 10 } as const;
const presale = (from: string, to: string) => ({ presaleWindowStart: from, presaleWindowEnd: to });

describe('what is found of campaigns', () => {
  const suite = useManagerWorld(async world => {
    const april = presale('2026-04-10T00:00:00Z', '2026-04-20T00:00:00Z');
    const june = presale('2026-06-10T00:00:00Z', '2026-06-20T00:00:00Z');
    const insert = (written: Parameters<typeof createCampaignDocument>[0], status: 'DRAFT' | 'OPEN') =>
      world.insertCampaign(createCampaignDocument(written, { status, password: 'scrypt$secret' }));
    const [a] = [
      await insert({ name: 'A', date: april, categoryId: 'rock', eventIds: ['E2', 'E1'] }, 'OPEN'),
      await insert({ name: 'B', date: april, categoryId: 'pop' }, 'OPEN'),
      await insert({ name: 'C', date: june, categoryId: 'rock', eventIds: ['E5'] }, 'OPEN'),
      await insert({ name: 'D', eventIds: ['E6'] }, 'DRAFT'),
    ];
    const market = { name: 'Toronto', event: { ids: ['E3', 'E1'] } };
    await marketManager.create(world.createContext(), a._id, market);
  });
  const ids = async (...names: string[]): Promise<string[]> => {
    const { rows } = await list(suite.world.createContext(), page);
    return names.map(name => rows.find(row => row.name === name)?._id ?? 'none').sort();
  };
  const reader = async (...names: string[]) => suite.world.createContext(createActor('read', ...(await ids(...names))));
  const nobody = () => suite.world.createContext(createActor('read'));

  it('is a page of the campaigns that the caller may read, in all locales and without what is the server’s own', async () => {
    const { rows, total } = await list(await reader('A', 'C'), page);
    expect(rows.map(({ name }) => name)).toEqual(['A', 'C']);
    expect(total).toBe(2);
    const [own] = (await list(suite.world.createContext(), page)).rows.filter(({ name }) => name === 'A');
    expect(Object.keys(own?.content ?? {})).toEqual(['en', 'fr']);
    // It is protected: a reader without its password learns that it is there.
    expect([rows[0]?.isPasswordProtected, rows[0]?.content]).toEqual([true, undefined]);
    expect(JSON.stringify(rows)).not.toContain('secret');
    const validator = createValidator(campaignSchema);
    for (const row of rows) expect(validator.selectFaults(toWire(row))).toEqual([]);
    await expect(list(nobody(), page)).resolves.toMatchObject({ rows: [], total: 0 });
    await expect(list(suite.world.createContext(null), page)).resolves.toMatchObject({ rows: [], total: 0 });
  });

  it('is by category the ids, sorted', async () => {
    await expect(findIds(suite.world.createContext(), ['rock'])).resolves.toEqual(await ids('A', 'C'));
    await expect(findIds(await reader('A', 'B'), ['rock', 'pop'])).resolves.toEqual(await ids('A', 'B'));
    await expect(findIds(nobody(), ['rock'])).resolves.toEqual([]);
  });

  it('is by presale window the categories, each once and sorted', async () => {
    await expect(findCategoryIds(suite.world.createContext(), window)).resolves.toEqual(['pop', 'rock']);
    await expect(findCategoryIds(suite.world.createContext(), undefined)).resolves.toEqual(['pop', 'rock']);
    await expect(findCategoryIds(await reader('C'), window)).resolves.toEqual([]);
  });

  it('is by presale window the events of campaigns and of their markets, each once and sorted', async () => {
    await expect(findEventIds(suite.world.createContext(), window)).resolves.toEqual(['E1', 'E2', 'E3']);
    await expect(findEventIds(suite.world.createContext(), undefined)).resolves.toEqual(['E1', 'E2', 'E3', 'E5']);
    await expect(findEventIds(await reader('B', 'C'), window)).resolves.toEqual([]);
  });

  it('is by event the campaigns, through their own list or a market', async () => {
    const find = async (eventId: string, ctx = suite.world.createContext()) =>
      (await findByEvent(ctx, eventId)).map(({ name }) => name);
    await expect(find('E2')).resolves.toEqual(['A']);
    await expect(find('E3')).resolves.toEqual(['A']);
    await expect(find('E1')).resolves.toEqual(['A']);
    await expect(find('E6')).resolves.toEqual([]);
    await expect(find('E3', await reader('B'))).resolves.toEqual([]);
    expect(JSON.stringify(await findByEvent(suite.world.createContext(), 'E1'))).not.toContain('secret');
  });
});

describe('the window of a presale query', () => {
  const start = '2026-04-01T00:00:00Z';
  const end = '2026-05-01T00:00:00+02:00';

  it('has both its ends or neither', () => {
    expect(selectPresaleWindow(undefined, undefined)).toBeUndefined();
    expect(selectPresaleWindow(start, end)).toEqual({ start: new Date(start), end: new Date(end) });
    for (const [from, to, missing] of [
      [start, undefined, 'presaleQueryEndDate'],
      [undefined, end, 'presaleQueryStartDate'],
    ] as const) {
      expect(() => selectPresaleWindow(from, to)).toThrow(MissingPresaleWindowDateError);
      expect(() => selectPresaleWindow(from, to)).toThrow(
        expect.objectContaining({ details: [{ path: missing, message: 'is missing' }] }),
      );
    }
  });

  it('does not end before it begins; an instant is a window', () => {
    expect(() => selectPresaleWindow(end, start)).toThrow(InvalidPresaleWindowOrderError);
    expect(selectPresaleWindow(start, start)).toEqual({ start: new Date(start), end: new Date(start) });
  });
});
