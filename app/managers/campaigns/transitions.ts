import { InvalidStatusChangeError } from '../../errors.ts';
import { type CampaignContent, type CampaignStatus } from '../../../schemas/campaign.ts';

/** The state machine of a campaign's status: from → to. Nothing else is a transition. */
export const transitions: Readonly<Record<CampaignStatus, readonly CampaignStatus[]>> = {
  DRAFT: ['PREVIEW', 'OPEN'],
  PREVIEW: ['DRAFT', 'OPEN'],
  OPEN: ['CLOSED'],
  CLOSED: ['INACTIVE'],
  INACTIVE: [],
};

/** Throws `InvalidStatusChangeError` unless the change is a transition. */
export function throwIfInvalidStatusChange(from: CampaignStatus, to: CampaignStatus): void {
  if (!transitions[from].includes(to)) throw new InvalidStatusChangeError(from, to);
}

/**
 * Carries a campaign over to another status, with what each step brings: OPEN sets `date.opened` and drops
 * `domain.preview`, CLOSED sets `date.closed`, INACTIVE sets `date.inactivated` and frees the domain by unsetting
 * `domain.site`. Appends to `statusHistory`. Throws `InvalidStatusChangeError`.
 *
 * @param by who brings it about, an opaque user reference or `system`
 */
export function transition<C extends CampaignContent>(campaign: C, to: CampaignStatus, at: Date, by: string): C {
  throwIfInvalidStatusChange(campaign.status, to);
  const next: C = { ...campaign, status: to, statusHistory: [...campaign.statusHistory, { status: to, date: at, by }] };
  switch (to) {
    case 'OPEN':
      return { ...withoutDomain(next, 'preview'), date: { ...next.date, opened: at } };
    case 'CLOSED':
      return { ...next, date: { ...next.date, closed: at } };
    case 'INACTIVE':
      return { ...withoutDomain(next, 'site'), date: { ...next.date, inactivated: at } };
    case 'DRAFT':
    case 'PREVIEW':
      return next;
  }
}

function withoutDomain<C extends CampaignContent>(campaign: C, field: 'site' | 'preview'): C {
  if (campaign.domain?.[field] === undefined) return campaign;
  const { [field]: _dropped, ...domain } = campaign.domain;
  return { ...campaign, domain };
}
