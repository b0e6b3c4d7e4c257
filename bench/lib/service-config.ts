import { fileURLToPath } from 'node:url';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { loadConfig } from '../../lib/config/load.ts';

/** Where the service of a benchmark keeps its data. */
export interface ServiceData {
  /** An empty folder for the embedded store; not used with a `uri`. */
  readonly directory: string;
  readonly uri?: string | undefined;
  readonly database?: string | undefined;
}

/** Where changes go: nowhere, to files as in development, or to the targets that these variables name. */
export type DeliveryTargets = 'off' | 'files' | Readonly<Record<string, string>>;

/** Changes are recorded, and go nowhere. */
const withoutDeliveries = {
  KINESIS_CAMPAIGN_STREAM: 'off',
  KINESIS_ATTENDANCE_STREAM: 'off',
  SQS_DATA_PIPELINE_QUEUE_URL: 'off',
  SQS_REFRESH_SELECTIONS_QUEUE_URL: 'off',
  FASTLY_SERVICE_ID: 'off',
};

const configDirectory = fileURLToPath(new URL('../../config/', import.meta.url));

/**
 * The configuration of production, but for what a benchmark must have of its own: a free port, its data, its key, and
 * limits that nothing meets (callers are counted all the same).
 */
export function createServiceConfig(
  { directory, uri = '', database = '' }: ServiceData,
  publicKey: string,
  targets: DeliveryTargets = 'off',
): Config {
  const { config } = loadConfig<Config>({
    schema: configSchema,
    rules: configRules,
    directory: configDirectory,
    variables: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      SHUTDOWN_DELAY_MS: '0',
      REQUEST_TIMEOUT_MS: '600000',
      DATA_DIR: directory,
      MONGODB_URI: uri,
      MONGODB_DATABASE: database,
      CREATE_INDEXES: 'true',
      JWT_PUBLIC_KEY: publicKey,
      RATE_LIMIT_PER_MINUTE: '1000000000',
      CREATE_DEFAULT_CAMPAIGN: 'false',
      ...withoutDeliveries,
      ...(typeof targets === 'object' && targets),
    },
  });
  return targets === 'files' ? withoutTargets(config) : config;
}

/** A target that is not named is a file; in production the rules would refuse it. */
function withoutTargets(config: Config): Config {
  const { campaignStream: _campaigns, attendanceStream: _attendance, ...kinesis } = config.kinesis;
  const { dataPipelineQueueUrl: _pipeline, refreshSelectionsQueueUrl: _selections, ...sqs } = config.sqs;
  const { serviceId: _service, ...fastly } = config.fastly;
  return { ...config, kinesis, sqs, fastly };
}

/** Reads where changes go from an argument: `off`, `files`, or JSON with the variables that name targets. */
export const parseTargets = (text: string): DeliveryTargets =>
  text === 'off' || text === 'files' ? text : (JSON.parse(text) as Readonly<Record<string, string>>);
