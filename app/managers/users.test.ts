import { describe, expect, it } from '@jest/globals';
import { buildDraft } from '../../test/support/factories.ts';
import { createActor, supreme } from '../../test/support/manager-world.ts';
import { buildJournalDocument } from '../../test/support/state-journal.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { UnauthorizedError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { type Logger } from '../../lib/log.ts';
import { createRevocations, type Revocations } from '../services/revocations.ts';
import { create } from './campaigns/create.ts';
import { update } from './campaigns/update.ts';
import { erase, exportData, revoke } from './users.ts';

const page = { page: 0, pageSize: 100 };

describe('what is done about users', () => {
  const suite = useManagerWorld();
  const context = (userId = supreme.userId) => suite.world.createContext({ ...supreme, userId });
  /** Lets a user make a campaign and change it. */
  const work = async (userId: string): Promise<string> => {
    const { document } = await create(context(userId), buildDraft());
    await update(context(userId), document._id, { tour: { name: 'The Tour' } });
    await suite.world.dispatcher.drain();
    return document._id;
  };

  it('is for supreme users alone', async () => {
    for (const actor of [null, createActor('update')]) {
      const ctx = suite.world.createContext(actor);
      await expect(revoke(ctx, 'user')).rejects.toThrow(UnauthorizedError);
      await expect(exportData(ctx, 'user', page)).rejects.toThrow(UnauthorizedError);
      await expect(erase(ctx, 'user')).rejects.toThrow(UnauthorizedError);
    }
  });

  describe('revocation', () => {
    it('refuses the tokens of the user on this instance at once, and is kept for the others', async () => {
      const ctx = context();
      const now = ctx.clock();
      const seconds = now.getTime() / 1000;
      await expect(revoke(ctx, 'revoked')).resolves.toEqual({ userId: 'revoked', notBefore: now });
      const elsewhere = createRevocations({ users: suite.world.datastores.users, log: ctx.log });
      await elsewhere.poll();
      for (const revocations of [ctx.service.revocations as Revocations, elsewhere]) {
        const isRevoked = (userId: string, issuedAt: number) => revocations.isRevoked({ ...supreme, userId, issuedAt });
        expect(isRevoked('revoked', seconds)).toBe(true);
        expect(isRevoked('revoked', seconds + 1)).toBe(false);
        expect(isRevoked('another', seconds)).toBe(false);
      }
    });

    it('leaves a line that names nobody', async () => {
      const lines: unknown[] = [];
      const ctx = context();
      const log: Logger = { ...ctx.log, info: (message, data) => void lines.push([message, data]) };
      await revoke({ ...ctx, log }, 'somebody-private');
      expect(lines).toEqual([
        ['user.revoked', { by: await suite.world.datastores.users.findReference(supreme.userId) }],
      ]);
    });
  });

  describe('an export', () => {
    it('has the reference that stands for the user and what names it, a page at a time', async () => {
      const campaignId = await work('exported');
      await work('somebody else');
      const { reference, changes, userId } = await exportData(context(), 'exported', page);
      expect(userId).toBe('exported');
      expect(reference).toBe(await suite.world.datastores.users.findReference('exported'));
      expect(changes.total).toBe(2);
      expect(changes.rows.map(({ documentId, by }) => [documentId, by])).toEqual([
        [campaignId, reference],
        [campaignId, reference],
      ]);
      expect(changes.rows.map(({ cause }) => cause).sort()).toEqual(['campaign.created', 'campaign.updated']);
      const second = await exportData(context(), 'exported', { page: 1, pageSize: 1 });
      expect(second.changes).toMatchObject({ page: 1, pageSize: 1, total: 2 });
      expect(second.changes.rows).toEqual([changes.rows[1]]);
    });

    it('is empty for a user of whom nothing is held', async () => {
      await expect(exportData(context(), 'unknown', page)).resolves.toEqual({
        userId: 'unknown',
        reference: null,
        changes: { rows: [], page: 0, pageSize: 100, total: 0 },
        stateChanges: { rows: [], page: 0, pageSize: 100, total: 0 },
      });
    });

    it('has what the user changed in live states, and not what others did in the same commit', async () => {
      await work('stateful');
      const by = await suite.world.datastores.users.findReference('stateful');
      const mine = buildJournalDocument(createId(), 1, [{ a: 1 }, { b: null }], { by: by ?? '' });
      const [change] = buildJournalDocument(mine.campaignId, 3, [{ c: 1 }]).changes;
      const shared = { ...mine, to: 3, changes: [...mine.changes, ...(change === undefined ? [] : [change])] };
      await suite.world.datastores.stateJournal.append(shared);
      const { stateChanges } = await exportData(context(), 'stateful', page);
      expect([stateChanges.total, stateChanges.rows.map(({ version, patch }) => [version, patch])]).toEqual([
        1,
        [
          [1, { a: 1 }],
          [2, { b: null }],
        ],
      ]);
      await erase(context(), 'stateful');
      expect((await exportData(context(), 'stateful', page)).stateChanges.total).toBe(0);
    });
  });

  describe('an erasure', () => {
    it('leaves the records, which name nobody any more', async () => {
      const campaignId = await work('erased');
      const { reference } = await exportData(context(), 'erased', page);
      await expect(erase(context(), 'erased')).resolves.toEqual({ erased: true });
      await expect(exportData(context(), 'erased', page)).resolves.toMatchObject({
        reference: null,
        changes: { total: 0 },
      });
      const changes = await suite.world.findChanges(campaignId);
      expect(changes.map(({ by }) => by)).toEqual([reference, reference]);
      expect(JSON.stringify([changes, await suite.campaigns.findById(campaignId)])).not.toContain('"erased"');
      await expect(suite.world.datastores.users.selectUserIds([reference ?? ''])).resolves.toEqual(new Map());
    });

    it('gives a user who comes back a reference that leads to nothing of before', async () => {
      await work('returning');
      const before = await exportData(context(), 'returning', page);
      await erase(context(), 'returning');
      await work('returning');
      const after = await exportData(context(), 'returning', page);
      expect(after.reference).not.toBe(before.reference);
      expect(after.changes.total).toBe(2);
    });

    it('says when there was nothing to erase', async () => {
      await expect(erase(context(), 'never seen')).resolves.toEqual({ erased: false });
    });
  });
});
