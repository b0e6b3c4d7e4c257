import { type FieldEncryption } from '../../lib/field-encryption.ts';
import { type Deliveries } from '../hooks/delivery/deliveries.ts';
import { type CampaignCache } from './campaign-cache.ts';
import { type Discovery } from './discovery/discovery.ts';
import { type EventDoor } from './event-door.ts';
import { type Gitlab } from './gitlab.ts';
import { type Passwords } from './passwords.ts';
import { type PromoterCache } from './promoter-cache.ts';
import { type RefreshOptions } from './refresh-options.ts';
import { type Revocations } from './revocations.ts';

/** What managers use besides datastores. */
export interface Services {
  readonly campaignCache: CampaignCache;
  readonly promoterCache: PromoterCache;
  /** The Discovery API; null where it is not configured. */
  readonly discovery: Discovery | null;
  /** Whether the venues and shows of markets must exist in the Discovery API. */
  readonly discoveryValidation: 'off' | 'warn' | 'enforce';
  /** Where campaigns are published; where it is not configured, the settings that are missing. */
  readonly gitlab: Gitlab | { readonly missing: readonly string[] };
  readonly passwords: Passwords;
  readonly fieldEncryption: FieldEncryption;
  readonly deliveries: Pick<Deliveries, 'isEnabled' | 'circuitOf'>;
  /** Live states and what happens to them. */
  readonly events: EventDoor;
  readonly revocations: Pick<Revocations, 'poll'>;
  readonly refreshOptions: RefreshOptions;
  /** Whether opened campaigns are shown to callers without a token. */
  readonly publicReads: boolean;
}
