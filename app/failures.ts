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
  readonly hostname?: string;
  readonly path?: string;
  readonly syscall?: string;
}

/** What file systems say of a folder that cannot be made or written to. */
const UNUSABLE_FOLDER: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

/** Says in one clear line (one for each fault of a configuration) why the service did not start. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) return { message: error.message, exitCode: exitCodes.config };
  if (error instanceof ServiceUnavailableError) return { message: error.message, exitCode: exitCodes.databaseAway };
  if (!isNativeError(error)) return { message: String(error), exitCode: exitCodes.unknown };
  const { code, address, port, name, hostname, path, syscall } = error as SystemError;
  // By name: the store is not loaded before the configuration is known to be good.
  if (name === 'DataDirectoryLockedError') return { message: error.message, exitCode: exitCodes.dataDirectoryLocked };
  if (code === 'EADDRINUSE')
    return { message: `Port ${port} of ${address} is in use. Set PORT to another one.`, exitCode: exitCodes.portTaken };
  // A socket in a folder has the port -1.
  if (code === 'EACCES' && port !== undefined && port >= 0)
    return { message: `Port ${port} of ${address} may not be used.`, exitCode: exitCodes.portTaken };
  if (syscall === 'getaddrinfo' && hostname !== undefined)
    return { message: `HOST cannot be resolved: ${hostname}.`, exitCode: exitCodes.config };
  if (syscall === 'listen' && code === 'EADDRNOTAVAIL')
    return { message: `HOST is no address of this machine: ${address}.`, exitCode: exitCodes.config };
  // Folders are made only for data, and taken by listening on a socket in them.
  if ((syscall === 'mkdir' || syscall === 'listen') && UNUSABLE_FOLDER.has(code))
    return { message: `DATA_DIR cannot be used: ${code} at ${path ?? address}.`, exitCode: exitCodes.config };
  return { message: error.stack ?? error.message, exitCode: exitCodes.unknown };
}
