import { ServiceUnavailableError } from '../../lib/errors.ts';
import { HttpCallError } from '../../lib/http-client.ts';

/** Gives what is answered where a system is not configured: it names the settings that are missing. */
export function createNotConfigured(
  dependency: string,
  { name, missing }: { readonly name: string; readonly missing: readonly string[] },
): ServiceUnavailableError {
  return new ServiceUnavailableError(dependency, {
    message: `${name} is not configured: set ${missing.join(', ')}.`,
    retryAfterSeconds: 3_600,
  });
}

/** Gives what is answered when a call of another system failed: 503, and when to come back. Anything else is given as it is. */
export function toUnavailable(error: unknown): unknown {
  if (!(error instanceof HttpCallError)) return error;
  const { target, status, isTransient, reason, retryAfterMs } = error;
  const isRefused = reason === 'status' && !isTransient;
  return new ServiceUnavailableError(target, {
    cause: error,
    ...(isRefused && {
      message: `${target} refused what the service asked for, with ${status}: see how it is configured.`,
    }),
    ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }),
  });
}
