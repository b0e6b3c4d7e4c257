import { Cron } from 'croner';
import { type ConfigRule } from '../lib/config/load.ts';
import { type Config } from './schema.ts';

const needsOneKey: ConfigRule<Config> = ({ jwt }) => {
  const given = (['secret', 'publicKey', 'jwksUrl'] as const).filter(name => jwt[name] !== undefined);
  return given.length === 1
    ? []
    : [`exactly one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL must be set, not ${given.length}`];
};

const refusesDevelopmentSecret: ConfigRule<Config> = ({ jwt }, environment) =>
  environment === 'production' && jwt.secret !== undefined
    ? ['JWT_SECRET is for development only: production needs JWT_PUBLIC_KEY or JWT_JWKS_URL']
    : [];

const hasFittingAlgorithms: ConfigRule<Config> = ({ jwt }) => {
  const isSymmetric = jwt.secret !== undefined;
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
