import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { buildDirectory } from './build.ts';
import { type BenchMessage, type Ready, type ServerMessage, type Target, type Usage } from './protocol.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  readonly targets: Ready['targets'];
  /** What a service must be told to use this server. */
  readonly variables: Variables;
  /** What the process has used until now. */
  usage(): Promise<Usage>;
  /** Has it begin with what it waited with. */
  begin(): void;
  /** Has it collect what is no longer used, where it can, and waits for that. */
  collect(): Promise<void>;
  stop(): Promise<void>;
}

/** An argument may be a whole configuration. */
const MAX_NAME_LENGTH = 80;

/** The variables of server processes besides those of this one. */
export type Variables = Readonly<Record<string, string>>;

/**
 * Starts `bench/servers/<name>.ts`, as `buildServers` has compiled it, with the arguments and waits until it listens.
 * Throws when it ends before.
 */
export async function startServer(
  name: string,
  args: readonly string[] = [],
  variables: Variables = {},
): Promise<ServerProcess> {
  const child = fork(path.join(buildDirectory, 'bench', 'servers', `${name}.js`), args, {
    execArgv: [],
    env: { ...process.env, ...variables, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new AbortController();
  const exit = once(child, 'exit').then(() => ended.abort());
  const next = async <M extends ServerMessage>(): Promise<M> => {
    try {
      const [message] = (await once(child, 'message', { signal: ended.signal })) as [M];
      return message;
    } catch (cause) {
      throw new Error(`The server ${[name, ...args].join(' ').slice(0, MAX_NAME_LENGTH)} has ended.`, { cause });
    }
  };
  // That it has ended is told by the answer to the next question.
  const tell = (type: BenchMessage['type']): void => void child.send({ type }, () => undefined);
  const usage = (): Promise<Usage> => {
    const answer = next<Usage>();
    tell('usage');
    return answer;
  };
  const { port, targets, variables: told = {} } = await next<Ready>();
  return {
    port,
    targets,
    variables: told,
    usage,
    begin: () => tell('begin'),
    collect: async () => {
      tell('collect');
      await usage();
    },
    stop: async () => {
      child.kill();
      await exit;
    },
  };
}

/** The target of the server that has this name. Throws when it has none. */
export function selectTarget(server: ServerProcess, name: string): Target {
  const target = server.targets[name];
  if (target === undefined) throw new Error(`The server has no target ${name}.`);
  return target;
}
