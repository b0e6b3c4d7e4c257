import { createFieldEncryption } from '../../lib/field-encryption.ts';
import { createHttpClient, type HttpOutcome } from '../../lib/http-client.ts';
import { type Log } from '../../lib/log.ts';
import { type Config } from '../../config/schema.ts';
import { type Caching } from './caching.ts';
import { createDiscovery, type Discovery } from './discovery/discovery.ts';
import { createGitlab } from './gitlab.ts';
import { createPasswords } from './passwords.ts';
import { createPromoterCache } from './promoter-cache.ts';
import { type RefreshOptions } from './refresh-options.ts';
import { type Revocations } from './revocations.ts';
import { type Services } from './services.ts';

/** How often GitLab is asked at most for what may be asked again: somebody waits for the answer. */
const GITLAB_ATTEMPTS = 2;

export interface ServiceDependencies {
  readonly revocations: Revocations;
  readonly deliveries: Services['deliveries'];
  readonly events: Services['events'];
  readonly caching: Pick<Caching, 'campaignCache' | 'cache'>;
  readonly onRefreshed: NonNullable<RefreshOptions['onDone']>;
  readonly onHttpAttempt: (target: string, outcome: HttpOutcome, durationSeconds: number) => void;
  /** Has the calls of a service timed and traced. */
  readonly instrument: <T extends object>(name: string, service: T) => T;
  readonly Log: Log;
}

/** Makes the services that are configured. */
export function createServices(config: Config, dependencies: ServiceDependencies): Services {
  const { sourceCache, rateLimit, encryption, refresh, server, discovery } = config;
  const { revocations, deliveries, events, caching, onRefreshed } = dependencies;
  return {
    campaignCache: caching.campaignCache,
    promoterCache: createPromoterCache(caching.cache, { ttlSeconds: sourceCache.promoterTtlSeconds }),
    discovery: openDiscovery(config, dependencies),
    discoveryValidation: discovery.validate,
    gitlab: openGitlab(config, dependencies),
    passwords: createPasswords({ limit: rateLimit.passwordAttempts, windowSeconds: rateLimit.passwordWindowSeconds }),
    fieldEncryption: createFieldEncryption(encryption.keys),
    revocations,
    deliveries,
    events,
    refreshOptions: { batchSize: refresh.batchSize, inactiveAfterDays: refresh.inactiveAfterDays, onDone: onRefreshed },
    publicReads: server.publicReads,
  };
}

function openDiscovery(
  { discovery: { apiKey, url, timeoutMs, attempts }, sourceCache }: Config,
  { caching: { cache }, onHttpAttempt, instrument, Log }: ServiceDependencies,
): Discovery | null {
  if (apiKey === undefined) return null;
  const log = Log('app/services/discovery');
  const http = createHttpClient({
    target: 'discovery',
    baseUrl: url,
    query: { apikey: apiKey },
    timeoutMs,
    attempts,
    log,
    onAttempt: (...attempt) => onHttpAttempt('discovery', ...attempt),
  });
  return instrument('discovery', createDiscovery({ http, cache, log, ...sourceCache }));
}

function openGitlab(
  { gitlab: { url, token, project, branch, directory, timeoutMs } }: Config,
  { onHttpAttempt, instrument, Log }: ServiceDependencies,
): Services['gitlab'] {
  if (url === undefined || token === undefined || project === undefined) {
    const settings = { GITLAB_URL: url, GITLAB_TOKEN: token, GITLAB_PROJECT: project };
    return { missing: Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [name] : [])) };
  }
  const http = createHttpClient({
    target: 'gitlab',
    baseUrl: `${url.replace(/\/+$/, '')}/api/v4`,
    headers: { 'private-token': token },
    timeoutMs,
    attempts: GITLAB_ATTEMPTS,
    log: Log('app/services/gitlab'),
    onAttempt: (...attempt) => onHttpAttempt('gitlab', ...attempt),
  });
  return instrument('gitlab', createGitlab({ http, project, branch, directory }));
}
