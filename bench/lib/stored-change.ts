import { type ChangeSource, type EffectName } from '../../app/datastore/changes.ts';
import { createDiff, selectContent, selectFieldChanges } from '../../app/datastore/diff.ts';
import { campaignId } from '../document.ts';
import { campaignUpdate } from '../update.ts';
import { type Population, storedCampaign } from './stored-campaign.ts';

const FIRST_CHANGED = Date.parse('2026-01-20T08:00:00.000Z');

/**
 * The n-th change that waits to be delivered, from 1 on: what an update of the benchmark makes of a campaign. The
 * campaigns take turns, and each has its changes in the order of its versions.
 */
export function storedChange(number: number, population: Population, effects: readonly EffectName[]): ChangeSource {
  const { campaigns } = population;
  const ofCampaign = ((number - 1) % campaigns) + 1;
  const before = storedCampaign(ofCampaign, { ...population, backlog: 0 });
  const after = { ...before, ...campaignUpdate, tour: { name: `Northern Lights ${number}` } };
  const content = selectContent(before);
  const fields = selectFieldChanges(content, selectContent(after)) ?? { set: {}, unset: [] };
  const documentId = campaignId(ofCampaign);
  return {
    collection: 'campaigns',
    documentId,
    change: {
      id: `00000000-0000-4000-8000-${campaignId(number).slice(-12)}`,
      version: before.version + Math.ceil(number / campaigns),
      cause: 'campaign.updated',
      effects,
      by: 'bench',
      correlation: `bench-${number}`,
      campaignId: documentId,
      at: new Date(FIRST_CHANGED + number),
      diff: createDiff(content, fields),
    },
  };
}
