import { applyMergePatch, isSameJson } from '../../../lib/merge-patch.ts';
import { type ServerSection } from '../../../schemas/campaign-state.ts';
import { type CampaignState } from '../../datastore/state-fold.ts';

/** What a section of the service's own says, with the version of what it is made of. */
export interface SectionContent {
  readonly version: number;
  readonly [field: string]: unknown;
}

/**
 * Gives what the new content of a section makes of a state: null where the state's is as new or newer, so that an older
 * document never takes the place of a newer one, in whatever order changes are delivered.
 */
export function selectSectionApply(
  section: ServerSection,
  content: SectionContent,
): (before: CampaignState) => CampaignState | null {
  // Plain JSON without nulls and undefined members, as the journal will give it back.
  const plain = applyMergePatch(undefined, JSON.parse(JSON.stringify(content))) as CampaignState;
  return before => {
    const current = before[section] as Partial<SectionContent> | undefined;
    if (current?.version !== undefined && current.version >= content.version) return null;
    return isSameJson(current, plain) ? null : { ...before, [section]: plain };
  };
}
