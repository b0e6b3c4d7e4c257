/** The surrogate key of all that shows a campaign. */
export const campaignKey = (campaignId: string): string => `campaign/${campaignId}`;

/** The surrogate key of all that is shown for a domain. */
export const domainKey = (site: string): string => `domain/${site}`;
