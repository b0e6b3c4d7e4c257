import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { buildDirectory } from '../lib/build.ts';
import { type FleetOrder, type LoadOrder, type LoadResult } from './load.ts';

/** What the generator is told. */
export type GeneratorOrder =
  | { readonly kind: 'open'; readonly fleet: FleetOrder }
  | { readonly kind: 'run'; readonly load: LoadOrder }
  | { readonly kind: 'close'; readonly fleet: string };

/** What it answers. */
export interface GeneratorReply {
  readonly result?: LoadResult;
  readonly fault?: string;
}

/** The load generator, in a process of its own. It does one thing at a time. */
export interface Generator {
  /** Connects clients. Throws when one is not let in. */
  open(fleet: FleetOrder): Promise<void>;
  run(load: LoadOrder): Promise<LoadResult>;
  close(fleet: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the generator as `buildServers` has compiled it. */
export function startGenerator(): Generator {
  const child = fork(path.join(buildDirectory, 'bench', 'realtime', 'generator.js'), [], {
    execArgv: [],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new AbortController();
  const exit = once(child, 'exit').then(() => ended.abort());
  const ask = async (order: GeneratorOrder): Promise<GeneratorReply> => {
    const answer = once(child, 'message', { signal: ended.signal }).catch((cause: unknown) => {
      throw new Error('The load generator has ended.', { cause });
    });
    child.send(order, () => undefined);
    const [reply] = (await answer) as [GeneratorReply];
    if (reply.fault !== undefined) throw new Error(reply.fault);
    return reply;
  };
  return {
    open: async fleet => void (await ask({ kind: 'open', fleet })),
    async run(load) {
      const { result } = await ask({ kind: 'run', load });
      if (result === undefined) throw new Error('The load generator measured nothing.');
      return result;
    },
    close: async fleet => void (await ask({ kind: 'close', fleet })),
    async stop() {
      child.kill();
      await exit;
    },
  };
}
