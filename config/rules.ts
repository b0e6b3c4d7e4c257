import { accessSync, constants } from 'node:fs';
import { Cron } from 'croner';
import { readPublicKey, selectAlgorithmOf } from '../lib/auth/public-key.ts';
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

/** The secrets that stand in this repository. */
const KNOWN_SECRETS: readonly (string | undefined)[] = [
  'development-only-secret-known-to-everybody',
  'test-only-secret-known-to-everybody-here',
];
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

const keepsKnownSecretsInside: ConfigRule<Config> = ({ jwt, server }) =>
  KNOWN_SECRETS.includes(selectKeySource(jwt)?.secret) && !LOOPBACK.test(server.host)
    ? [
        'HOST can be reached by others, who know the secret of development: set JWT_PUBLIC_KEY or a JWT_SECRET of your own',
      ]
    : [];

const hasReadableKey: ConfigRule<Config> = ({ jwt }) => {
  if (jwt.publicKey === undefined) return [];
  try {
    selectAlgorithmOf(readPublicKey(jwt.publicKey));
    return [];
  } catch (error) {
    return [`JWT_PUBLIC_KEY cannot be used: ${(error as Error).message}`];
  }
};

const hasCompleteUrls: ConfigRule<Config> = config => {
  const { jwt, redis, discovery, gitlab, kinesis, sqs, fastly, tracing } = config;
  const urls: Readonly<Record<string, string | undefined>> = {
    JWT_JWKS_URL: jwt.jwksUrl,
    REDIS_URL: redis.url,
    REDIS_REPLICA_URL: redis.replicaUrl,
    DISCOVERY_URL: discovery.url,
    GITLAB_URL: gitlab.url,
    KINESIS_ENDPOINT: kinesis.endpoint,
    SQS_ENDPOINT: sqs.endpoint,
    FASTLY_API_URL: fastly.apiUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: tracing.endpoint,
  };
  return Object.entries(urls).flatMap(([variable, url]) =>
    url === undefined || URL.canParse(url) ? [] : [`${variable} is not a complete URL`],
  );
};

/** Credentials, hosts with their ports, database and options; several hosts are what `URL` cannot read. */
const MONGODB_URI =
  /^mongodb(?:\+srv)?:\/\/(?:(?<credentials>[^@/:]+(?::[^@/:]*)?)@)?(?:\[[\da-f:.]+\]|[^@,/?:[\]]+)(?::\d+)?(?:,(?:\[[\da-f:.]+\]|[^@,/?:[\]]+)(?::\d+)?)*(?:\/(?:[^?]*)(?:\?.*)?)?$/i;

const hasReadableDatabase: ConfigRule<Config> = ({ database }) => {
  const { uri, tlsCaFile, tlsCertificateKeyFile } = database;
  const files = { MONGODB_TLS_CA_FILE: tlsCaFile, MONGODB_TLS_CERTIFICATE_KEY_FILE: tlsCertificateKeyFile };
  return [
    ...(uri === undefined || isMongodbUri(uri)
      ? []
      : ['MONGODB_URI is not a URI of MongoDB; in a name or password @ : / and % are written in percent encoding']),
    ...Object.entries(files).flatMap(([variable, file]) =>
      file === undefined || isReadable(file) ? [] : [`${variable} names a file that cannot be read`],
    ),
  ];
};

function isMongodbUri(uri: string): boolean {
  const match = MONGODB_URI.exec(uri);
  try {
    decodeURIComponent(match?.groups?.['credentials'] ?? '');
    return match !== null;
  } catch {
    return false;
  }
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

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
  keepsKnownSecretsInside,
  hasReadableKey,
  hasCompleteUrls,
  hasReadableDatabase,
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
