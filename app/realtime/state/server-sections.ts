import { applyMergePatch, createMergePatch, isSameJson } from '../../../lib/merge-patch.ts';
import { type ServerSection } from '../../../schemas/campaign-state.ts';
import { type CampaignState } from '../../datastore/state-fold.ts';

/** What a section of the service's own says, with the version of what it is made of. */
export interface SectionContent {
  readonly version: number;
  readonly [field: string]: unknown;
}

/**
 * Gives the patch that brings new content into a section: null where the state's is as new or newer, so that an older
 * document never takes the place of a newer one, in whatever order changes are delivered.
 */
export function selectSectionPatch(
  section: ServerSection,
  content: SectionContent,
): (before: CampaignState) => CampaignState | null {
  // Plain JSON without nulls and undefined members, as the journal will give it back.
  const after = applyMergePatch(undefined, JSON.parse(JSON.stringify({ [section]: content }))) as CampaignState;
  return before => {
    const current = before[section] as Partial<SectionContent> | undefined;
    if (current?.version !== undefined && current.version >= content.version) return null;
    return createMergePatch(current === undefined ? {} : { [section]: current }, after) as CampaignState;
  };
}

/** Whether a section says the same, whatever the version of what it was made of. */
export function isSameContent(section: unknown, content: SectionContent): boolean {
  return isSameJson({ ...(section as object | undefined), version: content.version }, content);
}
