import { Cron } from 'croner';
import { type ConfigRule } from '../lib/config/load.ts';
import { type Config } from './schema.ts';

type Jwt = Config['jwt'];

/** The one key that tokens are verified with. */
export type KeySource = { readonly [K in 'secret' | 'publicKey' | 'jwksUrl']?: string };

/** Selects the key that tokens are verified with: the secret, which development always has, gives way to a real one. */
export function selectKeySource({ secret, publicKey, jwksUrl }: Jwt): KeySource | undefined {
  if (publicKey !== undefined) return { publicKey };
  if (jwksUrl !== undefined) return { jwksUrl };
  return secret === undefined ? undefined : { secret };
}

const needsOneKey: ConfigRule<Config> = ({ jwt }) => {
  if (jwt.publicKey !== undefined && jwt.jwksUrl !== undefined) {
    return ['JWT_PUBLIC_KEY and JWT_JWKS_URL are both set: tokens are verified by one of them'];
  }
  return selectKeySource(jwt) === undefined ? ['one of JWT_PUBLIC_KEY, JWT_JWKS_URL and JWT_SECRET must be set'] : [];
};

const refusesDevelopmentSecret: ConfigRule<Config> = ({ jwt }, environment) =>
  environment === 'production' && jwt.secret !== undefined
    ? ['JWT_SECRET is for development only: production needs JWT_PUBLIC_KEY or JWT_JWKS_URL']
    : [];

const hasFittingAlgorithms: ConfigRule<Config> = ({ jwt }) => {
  const isSymmetric = selectKeySource(jwt)?.secret !== undefined;
  return (jwt.algorithms ?? []).some(algorithm => algorithm.startsWith('HS') !== isSymmetric)
    ? [`JWT_ALGORITHMS must fit the key: ${isSymmetric ? 'HS256' : 'RS, PS or ES'} only`]
    : [];
};

const hasValidCron: ConfigRule<Config> = ({ refresh }) => {
  if (refresh.cron === undefined) return [];
  try {
    new Cron(refresh.cron, { paused: true, timezone: 'UTC' }).stop();
    return [];
  } catch {
    return ['REFRESH_CRON must be a cron pattern'];
  }
};

const nestsDeadlines: ConfigRule<Config> = ({ database, server }) => [
  ...(database.maxTimeMs >= database.socketTimeoutMs
    ? ['MONGODB_MAX_TIME_MS must be below MONGODB_SOCKET_TIMEOUT_MS']
    : []),
  ...(Math.max(database.socketTimeoutMs, database.serverSelectionTimeoutMs) >= server.requestTimeoutMs
    ? ['MONGODB_SOCKET_TIMEOUT_MS and MONGODB_SERVER_SELECTION_TIMEOUT_MS must be below REQUEST_TIMEOUT_MS']
    : []),
];

const seedsDemoOnlyApart: ConfigRule<Config> = ({ service }, environment) =>
  environment === 'production' && service.seedDemo ? ['SEED_DEMO is not for production'] : [];

/** The rules over several keys. */
export const configRules: readonly ConfigRule<Config>[] = [
  needsOneKey,
  refusesDevelopmentSecret,
  hasFittingAlgorithms,
  hasValidCron,
  nestsDeadlines,
  seedsDemoOnlyApart,
];
