import { startMongodbServer } from '../../test/support/mongodb-server.ts';
import { type Variables } from './server-process.ts';

/** A MongoDB-protocol server to measure besides the embedded store. */
export interface BenchMongodb {
  /** What tells the servers where it is. */
  readonly variables: Variables;
  readonly description: string;
  stop(): Promise<void>;
}

/**
 * Gives the server that `MONGODB_URI` names, or one started from the command in `MONGODB_TEST_SERVER` (`{port}` and
 * `{data}` filled in); undefined without either. Each server process has a database of its own there, and drops it.
 */
export async function openMongodb(): Promise<BenchMongodb | undefined> {
  const { MONGODB_URI: uri, MONGODB_TEST_SERVER: command } = process.env;
  if (uri !== undefined && uri !== '') {
    return {
      variables: { BENCH_MONGODB_URI: uri },
      description: 'the server at MONGODB_URI',
      stop: async () => undefined,
    };
  }
  if (command === undefined || command === '') return undefined;
  const server = await startMongodbServer(command);
  return {
    variables: { BENCH_MONGODB_URI: server.uri },
    description: `a server started from MONGODB_TEST_SERVER (${command.split(/[/\s]+/).find(word => /^mongo/.test(word)) ?? 'unknown'})`,
    stop: server.stop,
  };
}
