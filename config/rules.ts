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

const leavesTimeToStop: ConfigRule<Config> = ({ server }) =>
  server.shutdownDelayMs * 2 > server.shutdownTimeoutMs
    ? ['SHUTDOWN_DELAY_MS must be at most half of SHUTDOWN_TIMEOUT_MS: the other half is for what is under way']
    : [];

const renewsLeasesInTime: ConfigRule<Config> = ({ deliveries }) =>
  deliveries.pollIntervalMs * 3 > deliveries.leaseSeconds * 1000
    ? ['DELIVERIES_POLL_INTERVAL_MS must be at most a third of DELIVERIES_LEASE_SECONDS, which is renewed at polls']
    : [];

const seedsDemoOnlyApart: ConfigRule<Config> = ({ service }, environment) =>
  environment === 'production' && service.seedDemo ? ['SEED_DEMO is not for production'] : [];

const inventsNothingInProduction: ConfigRule<Config> = ({ discovery }, environment) =>
  environment === 'production' && discovery.stub ? ['DISCOVERY_STUB is not for production'] : [];

const replicatesSomething: ConfigRule<Config> = ({ redis }) =>
  redis.replicaUrl !== undefined && redis.url === undefined ? ['REDIS_REPLICA_URL needs REDIS_URL'] : [];

const OFF = 'off';

/** The settings that name a target of deliveries, by variable. */
const selectTargets = ({ kinesis, sqs, fastly }: Config): Readonly<Record<string, string | undefined>> => ({
  KINESIS_CAMPAIGN_STREAM: kinesis.campaignStream,
  KINESIS_ATTENDANCE_STREAM: kinesis.attendanceStream,
  SQS_DATA_PIPELINE_QUEUE_URL: sqs.dataPipelineQueueUrl,
  SQS_REFRESH_SELECTIONS_QUEUE_URL: sqs.refreshSelectionsQueueUrl,
  FASTLY_SERVICE_ID: fastly.serviceId,
});

const decidesTargets: ConfigRule<Config> = (config, environment) =>
  environment === 'production'
    ? Object.entries(selectTargets(config)).flatMap(([variable, target]) =>
        target === undefined
          ? [`${variable} must be set: production names each target of deliveries, or says off`]
          : [],
      )
    : [];

const completesTargets: ConfigRule<Config> = config => {
  const { FASTLY_SERVICE_ID: serviceId, ...ofAws } = selectTargets(config);
  const named = Object.entries(ofAws).filter(([, target]) => target !== undefined && target !== OFF);
  return [
    ...(config.aws.region === undefined ? named.map(([variable]) => `${variable} needs AWS_REGION`) : []),
    ...(serviceId !== undefined && serviceId !== OFF && config.fastly.apiToken === undefined
      ? ['FASTLY_SERVICE_ID needs FASTLY_API_TOKEN']
      : []),
  ];
};

const keepsStates: ConfigRule<Config> = ({ state, database }, environment) =>
  state.enabled && !state.persistence && (environment === 'production' || database.uri !== undefined)
    ? ['CAMPAIGN_PERSISTENCE_ENABLED=false is for tests and demonstrations on the embedded store']
    : [];

/** The rules over several keys. */
export const configRules: readonly ConfigRule<Config>[] = [
  needsOneKey,
  refusesDevelopmentSecret,
  hasFittingAlgorithms,
  hasValidCron,
  nestsDeadlines,
  leavesTimeToStop,
  renewsLeasesInTime,
  seedsDemoOnlyApart,
  inventsNothingInProduction,
  replicatesSomething,
  decidesTargets,
  completesTargets,
  keepsStates,
];
