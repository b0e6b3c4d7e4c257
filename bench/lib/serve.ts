import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type BenchMessage, type Ready, type ServerMessage, type Usage } from './protocol.ts';

const send = (message: ServerMessage): void => {
  process.send?.(message);
};

type UsageParts = Pick<Usage, 'peak' | 'tally' | 'loop'>;

/** What a server can tell and do besides. */
export interface ServerParts {
  readonly variables?: Ready['variables'];
  /** Gives what its usage says besides CPU time and memory. */
  readonly measure?: () => UsageParts | Promise<UsageParts>;
  /** Does what the server waited with. */
  readonly begin?: () => Promise<void>;
  /** Collects what is no longer used. */
  readonly collect?: () => void;
}

/**
 * Tells the benchmark that this process listens on the port and which requests it can be asked, answers its questions
 * about CPU time and memory, and ends the process with it.
 */
export function announce(
  port: number,
  targets: Ready['targets'],
  { variables, measure, begin, collect }: ServerParts = {},
): void {
  const tellUsage = async (): Promise<void> => {
    const parts = await measure?.();
    const { user, system } = process.cpuUsage();
    const { rss: rssBytes, heapUsed, external } = process.memoryUsage();
    send({ type: 'usage', cpuMicros: user + system, rssBytes, heapBytes: heapUsed + external, ...parts });
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ type }: BenchMessage) => {
    if (type === 'collect') collect?.();
    else void (type === 'usage' ? tellUsage() : begin?.());
  });
  send({ type: 'ready', port, targets, ...(variables && { variables }) });
}

/** Serves the listener on a free port of the loopback interface, and announces it. */
export function serve(listener: RequestListener, targets: Ready['targets']): void {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port, targets));
}
