import { describe, expect, it } from '@jest/globals';
import { createKeyProvider } from '../auth/key-provider.ts';
import { createTokenVerifier } from '../auth/token-verifier.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createPipeline, createPipelineSteps, type PipelineOptions } from './pipeline.ts';
import { type Actor } from '../auth/actor.ts';

const options: PipelineOptions<Actor> = {
  log: silentLog,
  metrics: createMetrics({ isProcessMeasured: false }).http,
  tracing: null,
  bodyLimitBytes: 1000,
  requestTimeoutMs: 1000,
  isAccessLogged: true,
  rateLimitPerMinute: 10,
  tokens: createTokenVerifier<Actor>({
    keys: createKeyProvider({ secret: 'x'.repeat(32), log: silentLog }),
    toActor: () => ({ userId: 'u' }),
    isRevoked: () => false,
  }),
};

describe('the pipeline', () => {
  it('has its middlewares in the order that the others rely on', () => {
    expect(Object.keys(createPipelineSteps(options))).toEqual([
      'compress',
      'tracing',
      'body',
      'metrics',
      'context',
      'correlation',
      'accessLog',
      'errorFormatter',
      'responseFormatter',
      'jwt',
      'rateLimit',
    ]);
  });

  it('leaves out what is turned off', () => {
    expect(createPipeline(options)).toHaveLength(11);
    expect(createPipeline({ ...options, isAccessLogged: false, rateLimitPerMinute: null })).toHaveLength(9);
  });
});
