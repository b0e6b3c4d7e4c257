import { readFile } from 'node:fs/promises';
import { throwIfUnsafeJson } from '../../../lib/json-guard.ts';
import { applyMergePatch } from '../../../lib/merge-patch.ts';
import { serverSections } from '../../../schemas/campaign-state.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { type CampaignState } from '../../datastore/state-fold.ts';
import { throwIfIllFormed } from './operations.ts';
import { type SectionContent } from './server-sections.ts';

/** What a state says of its campaign: nothing that is not public. */
export function summarizeCampaign({
  _id,
  version,
  name,
  identifier,
  status,
  date,
  domain,
}: CampaignDocument): SectionContent {
  return {
    version,
    id: _id,
    name,
    identifier,
    status,
    date,
    ...(domain?.site !== undefined && { domain: domain.site }),
  };
}

/**
 * What a state says of a campaign's markets. `version` must grow with what the markets were read as: the instant just
 * before they were read, in milliseconds, does.
 */
export function summarizeMarkets(
  markets: readonly MarketDocument[],
  { now, version }: { readonly now: Date; readonly version: number },
): SectionContent {
  const presales = markets.flatMap(({ _id, name, event }) =>
    event?.presaleDateTime === undefined ? [] : [{ marketId: _id, name, at: event.presaleDateTime }],
  );
  const next = presales.filter(({ at }) => at > now).sort((one, other) => one.at.getTime() - other.at.getTime())[0];
  return {
    version,
    count: markets.length,
    withPresale: presales.length,
    ...(next !== undefined && { nextPresale: next }),
  };
}

/** The state that a campaign begins with: the template, and what its documents say. */
export function createInitialState(
  template: CampaignState,
  campaign: CampaignDocument,
  markets: SectionContent,
): CampaignState {
  const { name, tour } = campaign;
  const initial = {
    ...template,
    title: name,
    ...(tour?.name !== undefined && { description: tour.name }),
    campaign: summarizeCampaign(campaign),
    markets,
  };
  return applyMergePatch(undefined, JSON.parse(JSON.stringify(initial))) as CampaignState;
}

/** Reads the template of states, a file of JSON. Throws when it is not one that a state can begin with. */
export async function readTemplate(file: string | URL): Promise<CampaignState> {
  const template: unknown = JSON.parse(await readFile(file, 'utf8'));
  throwIfUnsafeJson(template);
  if (typeof template !== 'object' || template === null || Array.isArray(template)) {
    throw new Error('The template of states is no object.');
  }
  throwIfIllFormed({}, template as CampaignState);
  const owned = serverSections.find(section => Object.hasOwn(template as CampaignState, section));
  if (owned !== undefined) throw new Error(`The template of states may not have "${owned}": the service writes it.`);
  return template as CampaignState;
}
