import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type ServerMessage, type Target, type Usage } from './protocol.ts';

const send = (message: ServerMessage): void => {
  process.send?.(message);
};

/**
 * Tells the benchmark that this process listens on the port and which requests it can be asked, answers its questions
 * about CPU time and memory, and ends the process with it.
 */
export function announce(
  port: number,
  targets: Readonly<Record<string, Target>>,
  selectPeak?: () => NonNullable<Usage['peak']>,
): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const peak = selectPeak?.();
    send({ type: 'usage', cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), ...(peak && { peak }) });
  });
  send({ type: 'ready', port, targets });
}

/** Serves the listener on a free port of the loopback interface, and announces it. */
export function serve(listener: RequestListener, targets: Readonly<Record<string, Target>>): void {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port, targets));
}
