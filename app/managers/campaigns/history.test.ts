import { describe, expect, it } from '@jest/globals';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { buildCampaign } from '../../../test/support/factories.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { UnauthorizedError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { applyMergePatch } from '../../../lib/merge-patch.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { change as changeSchema } from '../../../schemas/change.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { marketManager } from '../markets/manager.ts';
import { toWire } from '../patching.ts';
import { erase } from '../users.ts';
import { create } from './create.ts';
import { findHistory } from './history.ts';
import { refresh } from './refresh.ts';
import { update } from './update.ts';

const all = { page: 0, pageSize: 100 };

describe('the history of a campaign', () => {
  const suite = useManagerWorld();
  const context = (...of: Parameters<typeof suite.world.createContext>) => suite.world.createContext(...of);
  let minute = 0;
  /** Lets time pass: what is done later is dated later. */
  const pass = (): void => suite.world.setTime(new Date(Date.UTC(2026, 2, 1, 12, minute++)).toISOString());
  const make = async (): Promise<string> => {
    pass();
    return (await create(context(), buildCampaign())).document._id;
  };

  it('has every change of the campaign and its markets, the latest first', async () => {
    const id = await make();
    pass();
    await update(context(), id, { tour: { name: 'The Tour' } });
    pass();
    const { _id: marketId } = await marketManager.create(context(), id, { name: 'Toronto' });
    pass();
    await update(context(), id, { status: 'OPEN' });
    const { rows, total, statusHistory } = await findHistory(context(), id, all);
    expect(rows.map(({ cause, collection, documentId, version }) => [cause, collection, documentId, version])).toEqual([
      ['campaign.status', 'campaigns', id, 3],
      ['market.created', 'markets', marketId, 1],
      ['campaign.updated', 'campaigns', id, 2],
      ['campaign.created', 'campaigns', id, 1],
    ]);
    expect(total).toBe(4);
    expect(statusHistory.map(({ status }) => status)).toEqual(['DRAFT', 'OPEN']);
    const validator = createValidator(changeSchema);
    for (const row of rows) expect(validator.selectFaults(toWire(row))).toEqual([]);
  });

  it('has changes of one instant in the order of their versions', async () => {
    const id = await make();
    for (let change = 2; change <= 9; change += 1) await update(context(), id, { name: `${id} ${change}` });
    const { rows } = await findHistory(context(), id, all);
    expect(rows.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('has the very last change at once, and once', async () => {
    const id = await make();
    pass();
    await update(context(), id, { name: 'The last change' });
    const before = await findHistory(context(), id, all);
    expect(before.rows[0]).toMatchObject({ version: 2, changes: { after: { name: 'The last change' } } });
    await suite.world.dispatcher.drain();
    await expect(findHistory(context(), id, all)).resolves.toMatchObject({ total: before.total });
  });

  it('shows changes as patches that lead from one content to the next and back', async () => {
    const id = await make();
    const before = await suite.campaigns.findById(id);
    pass();
    await update(context(), id, {
      style: { primaryColor: '#000000' },
      artist: { name: 'Renamed' },
      content: { fr: null },
    });
    const after = await suite.campaigns.findById(id);
    const [row] = (await findHistory(context(), id, all)).rows;
    const shown = ({ content, style, artist }: NonNullable<typeof after>) => toWire({ content, style, artist });
    if (before === null || after === null) throw new Error('There is no campaign.');
    const { date: _date, audit: _audit, ...forth } = toWire(row?.changes.after as object);
    const { date: _oldDate, audit: _oldAudit, ...back } = toWire(row?.changes.before as object);
    expect(applyMergePatch(shown(before), forth)).toEqual(shown(after));
    expect(applyMergePatch(shown(after), back)).toEqual(shown(before));
  });

  it('shows nothing that is the server’s own', async () => {
    const id = await make();
    pass();
    await update(context(), id, { password: 'open sesame', name: 'Another name', status: 'PREVIEW' });
    const history = await findHistory(context(), id, all);
    const text = JSON.stringify(history);
    for (const hidden of [
      'open sesame',
      'scrypt',
      'nameKey',
      'another name',
      '"search"',
      'pendingChange',
      'idempotency',
    ]) {
      expect(text).not.toContain(hidden);
    }
    expect(history.rows[0]?.changes.after).toMatchObject({ password: '[redacted]' });
  });

  it('names who did it, until that user is erased; the refresh is the system', async () => {
    const id = await make();
    pass();
    await update(context({ ...supreme, userId: 'somebody' }), id, { name: `By somebody ${id}` });
    suite.world.setTime('2026-03-03T00:00:00.000Z');
    await refresh(context(), { batchSize: 10, inactiveAfterDays: 30 });
    const [opened, updated] = (await findHistory(context(), id, all)).rows;
    expect(opened).toMatchObject({ by: 'system' });
    expect(opened).not.toHaveProperty('userId');
    expect(updated).toMatchObject({ userId: 'somebody' });
    expect(updated?.by).not.toContain('somebody');
    await erase(context(), 'somebody');
    const [, erased] = (await findHistory(context(), id, all)).rows;
    expect(erased).not.toHaveProperty('userId');
    expect(erased?.by).toBe(updated?.by);
  });

  it('is given a page at a time', async () => {
    const id = await make();
    for (const name of ['a', 'b', 'c', 'd']) {
      pass();
      await update(context(), id, { tour: { name } });
    }
    const pages = await Promise.all([0, 1, 2].map(page => findHistory(context(), id, { page, pageSize: 2 })));
    expect(pages.map(({ rows }) => rows.map(({ version }) => version))).toEqual([[5, 4], [3, 2], [1]]);
    expect(pages.map(({ total, page, pageSize }) => [total, page, pageSize])).toEqual([
      [5, 0, 2],
      [5, 1, 2],
      [5, 2, 2],
    ]);
  });

  it('needs the permission first, then a campaign', async () => {
    const id = await make();
    await expect(findHistory(context(createActor('read', id)), id, all)).resolves.toMatchObject({ total: 1 });
    await expect(findHistory(context(createActor('read', createId())), id, all)).rejects.toThrow(UnauthorizedError);
    await expect(findHistory(context(null), id, all)).rejects.toThrow(UnauthorizedError);
    await expect(findHistory(context(), createId(), all)).rejects.toThrow(CampaignNotFoundError);
  });
});
