import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of a connection through the proxy. */
export interface ConnectionFate {
  /** So many bytes pass in one direction, in the midst of whatever they are part of; then … */
  readonly afterBytes?: number;
  /** … the connection breaks, or one direction of it ends as if its sender had closed. */
  readonly end?: 'cut' | 'halfClose';
  /** Which direction is meant: to the server (`up`), or from it. */
  readonly direction?: 'up' | 'down';
  /** How long each piece is held back, each time anew, in milliseconds. */
  readonly delayMs?: () => number;
}

/** A load balancer and a bad network in one. */
export interface TcpProxy {
  readonly url: string;
  readonly port: number;
  /** How many connections there are. */
  readonly connectionCount: number;
  /** How many ended otherwise than by their ends' own doing. */
  readonly brokenCount: number;
  /** Sends new connections to these ports of 127.0.0.1, in turn; to the next one when one refuses. */
  setTargets(ports: readonly number[]): void;
  /** Breaks all connections. */
  cutAll(): void;
  /** Breaks all connections and takes no more. */
  stop(): Promise<void>;
}

/** Starts the proxy. Connections fare as `selectFate` says, each when it comes; well, without it. */
export async function startTcpProxy({
  targets = [],
  selectFate = () => ({}),
}: {
  readonly targets?: readonly number[];
  readonly selectFate?: () => ConnectionFate;
} = {}): Promise<TcpProxy> {
  let ports = targets;
  let turn = 0;
  let brokenCount = 0;
  const pairs = new Set<() => void>();

  const join = (client: Socket, server: Socket): void => {
    const fate = selectFate();
    const destroy = (): void => {
      pairs.delete(destroy);
      client.destroy();
      server.destroy();
    };
    const breakIt = (): void => {
      brokenCount += 1;
      destroy();
    };
    pairs.add(destroy);
    const onBroken = fate.end === 'halfClose' ? 'halfClose' : breakIt;
    const limit = (direction: 'up' | 'down') => (fate.direction === direction ? fate.afterBytes : undefined);
    pass(client, server, { limit: limit('up'), onBroken, delayMs: fate.delayMs });
    pass(server, client, { limit: limit('down'), onBroken, delayMs: fate.delayMs });
    for (const socket of [client, server]) {
      socket.on('error', destroy);
      socket.on('close', destroy);
    }
  };

  /** Hands on what comes from one side to the other, no faster than that takes it. */
  const pass = (
    from: Socket,
    to: Socket,
    {
      limit = Infinity,
      onBroken,
      delayMs,
    }: { limit?: number | undefined; onBroken: (() => void) | 'halfClose'; delayMs?: (() => number) | undefined },
  ): void => {
    let passed = 0;
    let isEnded = false;
    const handOn = async (): Promise<void> => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (delayMs !== undefined) await sleep(delayMs());
        if (isEnded) continue;
        const part = chunk.subarray(0, limit - passed);
        passed += part.length;
        if (!to.write(part)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
        if (passed < limit) continue;
        if (onBroken !== 'halfClose') return onBroken();
        brokenCount += 1;
        isEnded = true;
        to.end();
      }
      to.end();
    };
    handOn().catch(() => to.destroy());
  };

  const server = createServer({ allowHalfOpen: true }, client => {
    client.on('error', () => client.destroy());
    void connectToOne().then(target => (target === undefined ? client.destroy() : join(client, target)));
  });

  const connectToOne = async (): Promise<Socket | undefined> => {
    for (let tries = ports.length; tries > 0; tries -= 1) {
      const port = ports[turn++ % ports.length];
      if (port === undefined) return undefined;
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      const isThere = await Promise.race([
        once(socket, 'connect').then(
          () => true,
          () => false,
        ),
        once(socket, 'close').then(() => false),
      ]);
      if (isThere) return socket;
    }
    return undefined;
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get connectionCount() {
      return pairs.size;
    },
    get brokenCount() {
      return brokenCount;
    },
    setTargets(next) {
      ports = next;
    },
    cutAll() {
      for (const destroy of [...pairs]) destroy();
    },
    async stop() {
      server.close();
      for (const destroy of [...pairs]) destroy();
      await once(server, 'close');
    },
  };
}
