import { isNativeError } from 'node:util/types';
import { ServiceUnavailableError } from '../lib/errors.ts';
import { ConfigError } from '../lib/config/load.ts';

/** Why a process ended by itself: what the operator reads, and the exit code that scripts read. */
export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/** The exit codes of a start that failed. */
export const exitCodes = { unknown: 1, config: 2, dataDirectoryLocked: 3, databaseAway: 4, portTaken: 5 } as const;

interface SystemError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
}

/** Says in one clear line (one for each fault of a configuration) why the service did not start. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) return { message: error.message, exitCode: exitCodes.config };
  if (error instanceof ServiceUnavailableError) return { message: error.message, exitCode: exitCodes.databaseAway };
  if (!isNativeError(error)) return { message: String(error), exitCode: exitCodes.unknown };
  const { code, address, port, name } = error as SystemError;
  // By name: the store is not loaded before the configuration is known to be good.
  if (name === 'DataDirectoryLockedError') return { message: error.message, exitCode: exitCodes.dataDirectoryLocked };
  if (code === 'EADDRINUSE')
    return { message: `Port ${port} of ${address} is in use. Set PORT to another one.`, exitCode: exitCodes.portTaken };
  if (code === 'EACCES' && port !== undefined)
    return { message: `Port ${port} of ${address} may not be used.`, exitCode: exitCodes.portTaken };
  return { message: error.stack ?? error.message, exitCode: exitCodes.unknown };
}
