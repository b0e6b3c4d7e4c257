import { adminRoutes } from './admin.ts';
import { campaignContactRoutes } from './campaign-contacts.ts';
import { campaignLifeRoutes } from './campaign-life.ts';
import { campaignPublishRoutes } from './campaign-publish.ts';
import { campaignQueryRoutes } from './campaign-queries.ts';
import { campaignTextRoutes } from './campaign-texts.ts';
import { campaignRoutes } from './campaigns.ts';
import { campaignStateRoutes } from './campaign-state.ts';
import { contactRoutes } from './contacts.ts';
import { discoveryRoutes } from './discovery.ts';
import { deliveryRoutes } from './deliveries.ts';
import { eventRoutes } from './events.ts';
import { marketRoutes } from './markets.ts';
import { nexusRoutes } from './nexus.ts';
import { promoterRoutes } from './promoters.ts';
import { type AnyRoute } from './route.ts';

/** Every route about the business, in the order in which they are looked at: literal paths before parameters. */
export const businessRoutes: readonly AnyRoute[] = [
  ...campaignLifeRoutes,
  ...campaignQueryRoutes,
  ...campaignRoutes,
  ...campaignTextRoutes,
  ...campaignContactRoutes,
  ...campaignPublishRoutes,
  ...campaignStateRoutes,
  ...marketRoutes,
  ...eventRoutes,
  ...promoterRoutes,
  ...contactRoutes,
  ...discoveryRoutes,
  ...adminRoutes,
  ...deliveryRoutes,
  ...nexusRoutes,
];
