import { createFieldEncryption } from '../../lib/field-encryption.ts';
import { type Config } from '../../config/schema.ts';
import { createCampaignCache } from './campaign-cache.ts';
import { createPasswords } from './passwords.ts';
import { type RefreshOptions } from './refresh-options.ts';
import { type Revocations } from './revocations.ts';
import { type Services } from './services.ts';

/** Makes the services that are configured. */
export function createServices(
  config: Config,
  {
    revocations,
    onRefreshed,
  }: { readonly revocations: Revocations; readonly onRefreshed: NonNullable<RefreshOptions['onDone']> },
): Services {
  const { cache, rateLimit, encryption, refresh, server } = config;
  return {
    campaignCache: createCampaignCache(cache),
    passwords: createPasswords({ limit: rateLimit.passwordAttempts, windowSeconds: rateLimit.passwordWindowSeconds }),
    fieldEncryption: createFieldEncryption(encryption.keys),
    revocations,
    refreshOptions: { batchSize: refresh.batchSize, inactiveAfterDays: refresh.inactiveAfterDays, onDone: onRefreshed },
    publicReads: server.publicReads,
  };
}
