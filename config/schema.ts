const key = <const K extends object>(env: string, description: string, schema: K) =>
  ({ ...schema, description, 'x-env': env }) as const;
const secret = <const K extends object>(env: string, description: string, schema: K) =>
  ({ ...schema, description, 'x-env': env, 'x-secret': true }) as const;

const group = <const P extends object>(description: string, properties: P) =>
  ({ type: 'object', additionalProperties: false, description, required: [], properties }) as const;

/** Every key of the configuration: its type, default, variable and meaning. The README's table is made from it. */
export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    server: group('The HTTP server.', {
      host: key('HOST', 'The address to listen on.', { type: 'string', default: '127.0.0.1' }),
      port: key('PORT', 'The port to listen on; 0 takes a free one.', {
        type: 'integer',
        minimum: 0,
        maximum: 65535,
        default: 8080,
      }),
      metricsPort: key('METRICS_PORT', 'A port of its own for `/metrics`; left out, it is served on the main port.', {
        type: 'integer',
        minimum: 0,
        maximum: 65535,
      }),
      requestTimeoutMs: key('REQUEST_TIMEOUT_MS', 'How long a request may take to arrive, and then to be answered.', {
        type: 'integer',
        minimum: 100,
        default: 10_000,
      }),
      bodyLimitBytes: key('BODY_LIMIT_BYTES', 'The largest body that is read.', {
        type: 'integer',
        minimum: 1024,
        default: 1_048_576,
      }),
      trustProxy: key('TRUST_PROXY', 'Whether the address of a caller is read from `X-Forwarded-For`.', {
        type: 'boolean',
        default: false,
      }),
      trustedProxies: key(
        'TRUSTED_PROXIES',
        'With `TRUST_PROXY`, how many proxies stand in front: what a caller wrote before their entries is not believed.',
        { type: 'integer', minimum: 1, maximum: 10, default: 1 },
      ),
      publicReads: key(
        'PUBLIC_READS',
        'Whether opened campaigns are shown to callers without a token, in their public view.',
        { type: 'boolean', default: false },
      ),
      shutdownTimeoutMs: key('SHUTDOWN_TIMEOUT_MS', 'How long a stop may take as a whole.', {
        type: 'integer',
        minimum: 100,
        default: 25_000,
      }),
      shutdownDelayMs: key(
        'SHUTDOWN_DELAY_MS',
        'How long requests are still taken after a stop began, while load balancers look away.',
        { type: 'integer', minimum: 0, default: 0 },
      ),
    }),
    service: group('What the process does.', {
      roles: key('ROLES', 'Which parts the process runs.', {
        type: 'array',
        items: { type: 'string', enum: ['web', 'realtime', 'worker', 'refresh'] },
        minItems: 1,
        default: ['web', 'realtime', 'worker', 'refresh'],
      }),
      seedDemo: key('SEED_DEMO', 'Whether an empty embedded store is filled with demo data.', {
        type: 'boolean',
        default: false,
      }),
    }),
    log: group('Logging.', {
      level: key('LOG_LEVEL', 'The least important level that is logged.', {
        type: 'string',
        enum: ['error', 'warn', 'info', 'debug', 'silent'],
        default: 'info',
      }),
      access: key('ACCESS_LOG', 'Whether each request is logged.', { type: 'boolean', default: true }),
    }),
    database: group('The database: MongoDB, or the embedded store.', {
      directory: key('DATA_DIR', 'Where the embedded store lies.', { type: 'string', minLength: 1, default: './data' }),
      cacheBytes: key(
        'DATA_CACHE_BYTES',
        'How many bytes of documents the embedded store keeps decoded, of each collection.',
        { type: 'integer', minimum: 1_024, default: 16_777_216 },
      ),
      uri: secret('MONGODB_URI', 'The MongoDB to use; without it the embedded store is used.', {
        type: 'string',
        pattern: '^mongodb(?:\\+srv)?://',
      }),
      name: key('MONGODB_DATABASE', 'The database; left out, the one that the URI names, or `campaigns`.', {
        type: 'string',
        pattern: '^[A-Za-z0-9_-]{1,63}$',
      }),
      serverSelectionTimeoutMs: key('MONGODB_SERVER_SELECTION_TIMEOUT_MS', 'How long to look for a server.', {
        type: 'integer',
        minimum: 100,
        default: 3_000,
      }),
      socketTimeoutMs: key('MONGODB_SOCKET_TIMEOUT_MS', 'How long a connection may be silent while it is asked.', {
        type: 'integer',
        minimum: 100,
        default: 8_000,
      }),
      maxTimeMs: key('MONGODB_MAX_TIME_MS', 'How long the server may work on one read.', {
        type: 'integer',
        minimum: 100,
        default: 5_000,
      }),
      tlsCaFile: key('MONGODB_TLS_CA_FILE', 'A file with the authorities to trust; turns TLS on.', {
        type: 'string',
        minLength: 1,
      }),
      tlsCertificateKeyFile: key(
        'MONGODB_TLS_CERTIFICATE_KEY_FILE',
        'A file with the certificate and key of the client; turns TLS on.',
        { type: 'string', minLength: 1 },
      ),
      maxPoolSize: key('MONGODB_MAX_POOL_SIZE', 'How many connections there are at most.', {
        type: 'integer',
        minimum: 1,
        maximum: 1000,
        default: 20,
      }),
      createIndexes: key(
        'CREATE_INDEXES',
        'Whether missing indexes are made at the start; otherwise `scripts/indexes` makes them.',
        { type: 'boolean', default: true },
      ),
    }),
    jwt: group('Who may call.', {
      secret: secret('JWT_SECRET', 'The HS256 secret of development; refused in production.', {
        type: 'string',
        minLength: 32,
      }),
      publicKey: key('JWT_PUBLIC_KEY', 'The public key that tokens are verified with, in PEM.', {
        type: 'string',
        pattern: '-----BEGIN PUBLIC KEY-----',
      }),
      jwksUrl: key('JWT_JWKS_URL', 'Where the public keys are published.', { type: 'string', pattern: '^https?://' }),
      algorithms: key('JWT_ALGORITHMS', 'The algorithms that are accepted; those of the key when left out.', {
        type: 'array',
        items: {
          type: 'string',
          enum: ['HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
        },
        minItems: 1,
      }),
      issuer: key('JWT_ISSUER', 'The issuer that tokens must name.', { type: 'string', minLength: 1 }),
      audience: key('JWT_AUDIENCE', 'The audience that tokens must name.', { type: 'string', minLength: 1 }),
      maxAgeSeconds: key('JWT_MAX_AGE_SECONDS', 'How old a token may be, whatever its own expiry.', {
        type: 'integer',
        minimum: 1,
      }),
      clockToleranceSeconds: key('JWT_CLOCK_TOLERANCE_SECONDS', 'How far the clocks of issuers may differ.', {
        type: 'integer',
        minimum: 0,
        maximum: 60,
        default: 5,
      }),
      cacheSize: key('TOKEN_CACHE_SIZE', 'How many verified tokens are remembered.', {
        type: 'integer',
        minimum: 1,
        default: 10_000,
      }),
      revocationPollMs: key('REVOCATION_POLL_MS', 'How often the revocations of other instances are looked for.', {
        type: 'integer',
        minimum: 100,
        default: 5_000,
      }),
    }),
    rateLimit: group('Limits of each caller, on each instance.', {
      enabled: key('RATE_LIMIT_ENABLED', 'Whether requests are limited.', { type: 'boolean', default: true }),
      perMinute: key('RATE_LIMIT_PER_MINUTE', 'How many requests a caller has in a minute.', {
        type: 'integer',
        minimum: 1,
        default: 6_000,
      }),
      passwordAttempts: key(
        'RATE_LIMIT_PASSWORD_ATTEMPTS',
        'How many wrong passwords an address may send for a campaign.',
        { type: 'integer', minimum: 1, default: 10 },
      ),
      passwordWindowSeconds: key('RATE_LIMIT_PASSWORD_WINDOW_SECONDS', 'Within how long.', {
        type: 'integer',
        minimum: 1,
        default: 300,
      }),
    }),
    refresh: group('The refresh of statuses.', {
      cron: key(
        'REFRESH_CRON',
        'When the service refreshes by itself, as a cron pattern (UTC); left out, a job calls for it.',
        { type: 'string', minLength: 1 },
      ),
      batchSize: key('REFRESH_BATCH_SIZE', 'How many campaigns are looked for at once.', {
        type: 'integer',
        minimum: 1,
        maximum: 5_000,
        default: 200,
      }),
      leaseSeconds: key(
        'REFRESH_LEASE_SECONDS',
        'For how long one instance has the refresh to itself, unless it renews.',
        { type: 'integer', minimum: 5, default: 60 },
      ),
      inactiveAfterDays: key('INACTIVE_AFTER_DAYS', 'How many days after it closed a campaign becomes INACTIVE.', {
        type: 'integer',
        minimum: 1,
        default: 30,
      }),
    }),
    changes: group('The change records.', {
      clearDelayMs: key(
        'CHANGES_CLEAR_DELAY_MS',
        'How long a recorded change stays in its document: a document that is written again meanwhile is spared a write.',
        { type: 'integer', minimum: 0, default: 5_000 },
      ),
      sweepIntervalMs: key(
        'CHANGES_SWEEP_INTERVAL_MS',
        'How often changes are looked for that a crash left in their documents.',
        { type: 'integer', minimum: 100, default: 5_000 },
      ),
      sweepAgeMs: key('CHANGES_SWEEP_AGE_MS', 'How old such a change must be.', {
        type: 'integer',
        minimum: 0,
        default: 10_000,
      }),
    }),
    deliveries: group('Deliveries of changes to other systems.', {
      enabled: key(
        'DELIVERIES_ENABLED',
        'Whether the process delivers, when it has the role `web` or `worker`; another one may.',
        { type: 'boolean', default: true },
      ),
      pollIntervalMs: key(
        'DELIVERIES_POLL_INTERVAL_MS',
        'How often changes are looked for that another instance recorded, or that come again.',
        { type: 'integer', minimum: 20, default: 1_000 },
      ),
      leaseSeconds: key(
        'DELIVERIES_LEASE_SECONDS',
        'For how long one instance has a target to itself, unless it renews: how long deliveries wait after a crash.',
        { type: 'integer', minimum: 1, default: 15 },
      ),
      timeoutMs: key('DELIVERIES_TIMEOUT_MS', 'How long a batch may take.', {
        type: 'integer',
        minimum: 100,
        default: 15_000,
      }),
      attempts: key(
        'DELIVERIES_ATTEMPTS',
        'How often a change is tried before it is a dead letter. A target that is down does not count.',
        { type: 'integer', minimum: 1, maximum: 1_000, default: 50 },
      ),
      backoffMs: key('DELIVERIES_BACKOFF_MS', 'The longest wait after the first attempt; it doubles with each.', {
        type: 'integer',
        minimum: 1,
        default: 200,
      }),
      maxBackoffMs: key('DELIVERIES_MAX_BACKOFF_MS', 'The longest wait of all.', {
        type: 'integer',
        minimum: 1,
        default: 600_000,
      }),
      maxInFlight: key('DELIVERIES_MAX_IN_FLIGHT', 'How many batches are under way to one target.', {
        type: 'integer',
        minimum: 1,
        maximum: 64,
        default: 4,
      }),
      gatherMs: key(
        'DELIVERIES_GATHER_MS',
        'How far apart batches to one target begin that are not full, so that changes share what a batch costs.',
        { type: 'integer', minimum: 0, maximum: 1_000, default: 50 },
      ),
      maxWaiting: key('DELIVERIES_MAX_WAITING', 'How many changes wait in memory for one target.', {
        type: 'integer',
        minimum: 2,
        maximum: 100_000,
        default: 1_000,
      }),
      circuitFailures: key(
        'DELIVERIES_CIRCUIT_FAILURES',
        'After how many failed batches in a row a target is taken to be down.',
        { type: 'integer', minimum: 1, default: 5 },
      ),
      circuitMaxOpenMs: key('DELIVERIES_CIRCUIT_MAX_OPEN_MS', 'After how long at most it is tried again.', {
        type: 'integer',
        minimum: 1,
        default: 30_000,
      }),
    }),
    selections: group('The worker that keeps the selections of markets.', {
      waitSeconds: key('SELECTIONS_WAIT_SECONDS', 'How long a request to its queue waits for messages.', {
        type: 'integer',
        minimum: 0,
        maximum: 20,
        default: 20,
      }),
      visibilitySeconds: key(
        'SELECTIONS_VISIBILITY_SECONDS',
        'For how long a message is hidden from other workers; extended as long as it is being handled.',
        { type: 'integer', minimum: 2, maximum: 43_200, default: 60 },
      ),
      intervalMs: key(
        'SELECTIONS_INTERVAL_MS',
        'How often selections are looked for that wait for their campaign to close.',
        { type: 'integer', minimum: 100, default: 60_000 },
      ),
    }),
    cache: group('The cache of campaigns.', {
      maxBytes: key('CAMPAIGN_CACHE_MAX_BYTES', 'How much memory it takes.', {
        type: 'integer',
        minimum: 1_048_576,
        default: 67_108_864,
      }),
      ttlMs: key(
        'CAMPAIGN_CACHE_TTL_MS',
        'After how long a campaign is read again: how long a change by another instance can be missed.',
        { type: 'integer', minimum: 0, default: 5_000 },
      ),
    }),
    redis: group(
      'Redis: the cache that instances share, and how they hear of each other. Without it each has its own.',
      {
        url: secret('REDIS_URL', 'The Redis that takes the writes; left out, each instance has a cache of its own.', {
          type: 'string',
          pattern: '^rediss?://',
        }),
        replicaUrl: secret('REDIS_REPLICA_URL', 'A replica of it that takes the reads.', {
          type: 'string',
          pattern: '^rediss?://',
        }),
        commandTimeoutMs: key('REDIS_COMMAND_TIMEOUT_MS', 'How long a command may take; after that it is a miss.', {
          type: 'integer',
          minimum: 10,
          maximum: 5_000,
          default: 250,
        }),
      },
    ),
    sourceCache: group('What is cached besides campaigns: promoters, and what the Discovery API said.', {
      maxBytes: key('CACHE_MAX_BYTES', 'How much memory it takes in each process.', {
        type: 'integer',
        minimum: 65_536,
        default: 16_777_216,
      }),
      promoterTtlSeconds: key('PROMOTER_CACHE_TTL', 'For how many seconds a promoter is cached.', {
        type: 'integer',
        minimum: 1,
        default: 60,
      }),
      searchTtlSeconds: key('SEARCH_CACHE_TTL', 'For how many seconds a search of the Discovery API is cached.', {
        type: 'integer',
        minimum: 1,
        default: 300,
      }),
      idTtlSeconds: key(
        'DISCOVERY_ID_CACHE_TTL',
        'For how many seconds an artist, venue or show of the Discovery API is cached.',
        { type: 'integer', minimum: 1, default: 3_600 },
      ),
      staleSeconds: key(
        'DISCOVERY_STALE_TTL',
        'For how many seconds beyond that an answer of the Discovery API is shown, marked as stale, while it is fetched again or cannot be.',
        { type: 'integer', minimum: 0, default: 86_400 },
      ),
    }),
    state: group('The live states of campaigns.', {
      enabled: key('CAMPAIGN_STATE_ENABLED', 'Whether campaigns have live states.', { type: 'boolean', default: true }),
      persistence: key(
        'CAMPAIGN_PERSISTENCE_ENABLED',
        'Whether their versions are written to the database. Without it one process alone has them, and they are gone at its end: for tests and demonstrations.',
        { type: 'boolean', default: true },
      ),
      defaultCampaign: key('DEFAULT_CAMPAIGN', 'The identifier of the campaign that clients of the channel call 0.', {
        type: 'string',
        pattern: '^[a-z0-9]+(?:-[a-z0-9]+)*$',
        maxLength: 128,
        default: 'default-campaign',
      }),
      createDefaultCampaign: key(
        'CREATE_DEFAULT_CAMPAIGN',
        'Whether a start makes that campaign, as a draft, where there is none.',
        { type: 'boolean', default: true },
      ),
      historyDays: key(
        'CAMPAIGN_HISTORY_RETENTION',
        'For how many days their versions are kept. The last ones, and those of the last day, always are.',
        { type: 'integer', minimum: 1, default: 30 },
      ),
      historyVersions: key('CAMPAIGN_HISTORY_MAX_VERSIONS', 'How many versions of a state are kept.', {
        type: 'integer',
        minimum: 1,
        default: 10_000,
      }),
      frameWindowMs: key(
        'CAMPAIGN_FRAME_WINDOW_MS',
        'For how long versions are gathered that follow one which was sent. The first of a quiet campaign is sent at once.',
        { type: 'integer', minimum: 0, maximum: 1_000, default: 5 },
      ),
      subscriberBuffer: key('CAMPAIGN_SUBSCRIBER_BUFFER', 'How many messages of a subscription may wait to be sent.', {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 32,
      }),
      subscriberBufferBytes: key('CAMPAIGN_SUBSCRIBER_BUFFER_BYTES', 'Of how many bytes.', {
        type: 'integer',
        minimum: 1_024,
        default: 1_048_576,
      }),
      subscriberDrainMs: key(
        'CAMPAIGN_SUBSCRIBER_DRAIN_MS',
        'How long a subscriber for whom more waits may take to read it before it is disconnected.',
        { type: 'integer', minimum: 10, default: 5_000 },
      ),
      pollMs: key('CAMPAIGN_STATE_POLL_MS', 'How often the journal is asked what other instances wrote.', {
        type: 'integer',
        minimum: 10,
        default: 1_000,
      }),
      pollConnectedMs: key(
        'CAMPAIGN_STATE_POLL_REDIS_MS',
        'How often while Redis brings their news at once, for what is lost on the way.',
        { type: 'integer', minimum: 10, default: 5_000 },
      ),
      maxCampaigns: key('CAMPAIGN_STATE_MAX_CAMPAIGNS', 'How many live states stay in memory without subscribers.', {
        type: 'integer',
        minimum: 1,
        default: 1_000,
      }),
      maxBytes: key('CAMPAIGN_STATE_MAX_BYTES', 'How much memory they take.', {
        type: 'integer',
        minimum: 1_048_576,
        default: 268_435_456,
      }),
      idleMs: key('CAMPAIGN_STATE_IDLE_MS', 'For how long a state without subscribers stays in memory.', {
        type: 'integer',
        minimum: 100,
        default: 600_000,
      }),
    }),
    channel: group('The channel: Socket.IO connections, on each instance.', {
      maxConnections: key('CHANNEL_MAX_CONNECTIONS', 'How many connections there are.', {
        type: 'integer',
        minimum: 1,
        default: 20_000,
      }),
      maxConnectionsPerUser: key('CHANNEL_MAX_CONNECTIONS_PER_USER', 'How many of them one user has.', {
        type: 'integer',
        minimum: 1,
        default: 100,
      }),
      maxSubscriptions: key('CHANNEL_MAX_SUBSCRIPTIONS', 'How many subscriptions and streams a connection has.', {
        type: 'integer',
        minimum: 1,
        default: 100,
      }),
      streamHeartbeatMs: key('CHANNEL_STREAM_HEARTBEAT_MS', 'How often a stream says that it is alive.', {
        type: 'integer',
        minimum: 10,
        default: 15_000,
      }),
      requestsPerSecond: key('CHANNEL_REQUESTS_PER_SECOND', 'How many requests a connection has in a second.', {
        type: 'integer',
        minimum: 1,
        default: 100,
      }),
      requestBurst: key('CHANNEL_REQUEST_BURST', 'How many it may send at once after a pause.', {
        type: 'integer',
        minimum: 1,
        default: 200,
      }),
      maxInFlight: key('CHANNEL_MAX_IN_FLIGHT', 'How many of its requests are carried out at a time.', {
        type: 'integer',
        minimum: 1,
        default: 64,
      }),
      maxMessageBytes: key('CHANNEL_MAX_MESSAGE_BYTES', 'The largest message that is read.', {
        type: 'integer',
        minimum: 1_024,
        default: 131_072,
      }),
      isCompressed: key('CHANNEL_COMPRESSION', 'Whether messages are compressed: bytes for processor time.', {
        type: 'boolean',
        default: false,
      }),
      origins: key('CHANNEL_ORIGINS', 'The origins whose pages may connect; its own alone when left out.', {
        type: 'array',
        items: { type: 'string', pattern: '^https?://[^/]+$' },
        minItems: 1,
      }),
      returnWithinMs: key(
        'CHANNEL_RETURN_WITHIN_MS',
        'Within how long clients come back that are disconnected at a stop, each at a moment of its own.',
        { type: 'integer', minimum: 0, default: 5_000 },
      ),
    }),
    discovery: group('The Discovery API: artists, venues and shows.', {
      apiKey: secret('DISCOVERY_API_KEY', 'The key of the Discovery API; without it there is none.', {
        type: 'string',
        minLength: 1,
      }),
      url: key('DISCOVERY_URL', 'Where the Discovery API is.', {
        type: 'string',
        pattern: '^https?://',
        default: 'https://app.ticketmaster.com/discovery/v2',
      }),
      timeoutMs: key('DISCOVERY_TIMEOUT_MS', 'How long one of its answers may take.', {
        type: 'integer',
        minimum: 50,
        default: 2_000,
      }),
      attempts: key('DISCOVERY_ATTEMPTS', 'How often it is asked at most.', {
        type: 'integer',
        minimum: 1,
        maximum: 10,
        default: 3,
      }),
      validate: key(
        'DISCOVERY_VALIDATE',
        'Whether the venue and the shows of a market must exist there: `enforce` refuses the market, `warn` logs it. Nothing is checked without the API.',
        { type: 'string', enum: ['off', 'warn', 'enforce'], default: 'enforce' },
      ),
      stub: key(
        'DISCOVERY_STUB',
        'Whether a stand-in with invented artists, venues and shows is started where there is no key. For development.',
        { type: 'boolean', default: false },
      ),
    }),
    gitlab: group('GitLab: where the public configuration of campaigns is published.', {
      url: key('GITLAB_URL', 'The GitLab server; without it nothing is published.', {
        type: 'string',
        pattern: '^https?://',
      }),
      token: secret('GITLAB_TOKEN', 'An access token with the scope `api`.', { type: 'string', minLength: 1 }),
      project: key('GITLAB_PROJECT', 'The id of the project, or its path with namespace.', {
        type: 'string',
        minLength: 1,
        maxLength: 255,
      }),
      branch: key('GITLAB_BRANCH', 'The branch that is committed to.', {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        default: 'main',
      }),
      directory: key('GITLAB_DIRECTORY', 'The folder of the project with a file for each campaign.', {
        type: 'string',
        pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$',
        maxLength: 255,
        default: 'campaigns',
      }),
      timeoutMs: key('GITLAB_TIMEOUT_MS', 'How long one of its answers may take.', {
        type: 'integer',
        minimum: 50,
        default: 3_000,
      }),
    }),
    encryption: group('Encryption at rest.', {
      keys: secret(
        'DATA_ENCRYPTION_KEYS',
        'Keys for contacts, each 32 bytes in base64: the first encrypts, all decrypt.',
        {
          type: 'array',
          items: { type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          default: [],
        },
      ),
    }),
    aws: group('Amazon Web Services; credentials come from the default chain of its SDK.', {
      region: key('AWS_REGION', 'The region of the streams and queues.', {
        type: 'string',
        pattern: '^[a-z0-9-]{1,64}$',
      }),
      connectTimeoutMs: key('AWS_CONNECT_TIMEOUT_MS', 'How long a connection to a stream or queue may take.', {
        type: 'integer',
        minimum: 100,
        default: 2_000,
      }),
      requestTimeoutMs: key('AWS_REQUEST_TIMEOUT_MS', 'How long a stream or queue may take to answer.', {
        type: 'integer',
        minimum: 100,
        default: 10_000,
      }),
    }),
    kinesis: group('Streams of changes.', {
      campaignStream: key(
        'KINESIS_CAMPAIGN_STREAM',
        'The stream of changes of campaigns and markets, or `off`; left out in development, a file in `DATA_DIR`.',
        { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,128}$' },
      ),
      attendanceStream: key(
        'KINESIS_ATTENDANCE_STREAM',
        'The stream of changes of markets of campaigns that take attendance, or `off`; likewise.',
        { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,128}$' },
      ),
      endpoint: key('KINESIS_ENDPOINT', "Another server than the region's, such as a local stand-in.", {
        type: 'string',
        pattern: '^https?://',
      }),
    }),
    sqs: group('Queues of changes.', {
      dataPipelineQueueUrl: key(
        'SQS_DATA_PIPELINE_QUEUE_URL',
        'The queue that tells the data pipeline what changed, or `off`; left out in development, a file in `DATA_DIR`.',
        { type: 'string', pattern: '^(?:off|https?://\\S+)$' },
      ),
      refreshSelectionsQueueUrl: key(
        'SQS_REFRESH_SELECTIONS_QUEUE_URL',
        'The queue of markets whose selections are to be made anew, or `off`; likewise.',
        { type: 'string', pattern: '^(?:off|https?://\\S+)$' },
      ),
      endpoint: key('SQS_ENDPOINT', "Another server than that of the queues' URLs.", {
        type: 'string',
        pattern: '^https?://',
      }),
    }),
    fastly: group('The CDN.', {
      serviceId: key(
        'FASTLY_SERVICE_ID',
        'The Fastly service whose pages are purged, or `off`; left out in development, a file in `DATA_DIR`.',
        { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$' },
      ),
      apiToken: secret('FASTLY_API_TOKEN', 'A token with the scope `purge_select`.', {
        type: 'string',
        pattern: '^[!-~]{1,256}$',
      }),
      apiUrl: key('FASTLY_API_URL', "Where Fastly's API is.", {
        type: 'string',
        pattern: '^https?://',
        default: 'https://api.fastly.com',
      }),
      softPurge: key(
        'FASTLY_SOFT_PURGE',
        'Whether a purge only marks pages as stale: the CDN may show them once more while it fetches new ones.',
        { type: 'boolean', default: false },
      ),
      timeoutMs: key('FASTLY_TIMEOUT_MS', 'How long a purge may take.', {
        type: 'integer',
        minimum: 100,
        default: 5_000,
      }),
    }),
    tracing: group('Tracing with OpenTelemetry.', {
      endpoint: key(
        'OTEL_EXPORTER_OTLP_ENDPOINT',
        'The collector that spans are sent to over OTLP/HTTP; left out, nothing is traced.',
        { type: 'string', pattern: '^https?://' },
      ),
      serviceName: key('OTEL_SERVICE_NAME', "The service's name in traces.", {
        type: 'string',
        minLength: 1,
        default: 'campaign-service',
      }),
      sampleRatio: key('TRACE_SAMPLE_RATIO', 'The share of traces that is kept.', {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 1,
      }),
    }),
  },
} as const;

type Groups = (typeof configSchema)['properties'];

/** The keys of a group that have a default, and are always there. */
type Given<P> = { [K in keyof P as P[K] extends { readonly default: unknown } ? K : never]: KeyType<P[K]> };
/** The keys of a group that may be left out. */
type Optional<P> = { [K in keyof P as P[K] extends { readonly default: unknown } ? never : K]?: KeyType<P[K]> };

type KeyType<K> = K extends { readonly type: 'array'; readonly items: { readonly enum: readonly (infer E)[] } }
  ? readonly E[]
  : K extends { readonly type: 'array' }
    ? readonly string[]
    : K extends { readonly enum: readonly (infer E)[] }
      ? E
      : K extends { readonly type: 'string' }
        ? string
        : K extends { readonly type: 'boolean' }
          ? boolean
          : number;

/** The validated configuration. */
export type Config = {
  readonly [G in keyof Groups]: Readonly<Given<Groups[G]['properties']> & Optional<Groups[G]['properties']>>;
};
