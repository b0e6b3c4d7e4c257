import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { compileService } from './compiled.ts';

/** How a process ended. */
export interface Ending {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The service as an operator runs it: a process of its own. */
export interface ServiceProcess {
  /** Where it listens. Throws with what it printed when it ends before it does. */
  readonly started: Promise<string>;
  readonly ended: Promise<Ending>;
  /** Sends a signal to it, and waits until it has ended. */
  readonly stop: (signal: NodeJS.Signals) => Promise<Ending>;
}

/** Starts the service with these variables over those of tests: quiet port, no limits, a log that says when it listens. */
export function startServiceProcess(variables: Readonly<Record<string, string>>): ServiceProcess {
  const running = compileService().then(directory => run(path.join(directory, 'app/index.js'), variables));
  const started = running.then(({ listening }) => listening);
  // Whoever waits for the end alone does not mind.
  started.catch(() => undefined);
  return {
    started,
    ended: running.then(({ ended }) => ended),
    stop: async signal => {
      const { child, ended } = await running;
      child.kill(signal);
      return ended;
    },
  };
}

/** Gives promises in an object, so that waiting for the one does not mean waiting for the others. */
function run(
  file: string,
  variables: Readonly<Record<string, string>>,
): { readonly child: ChildProcess; readonly listening: Promise<string>; readonly ended: Promise<Ending> } {
  const child = spawn(process.execPath, [file], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      ACCESS_LOG: 'false',
      RATE_LIMIT_ENABLED: 'false',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test process that ends without its hooks must not leave a service behind.
  const killWithTests = (): boolean => child.kill('SIGKILL');
  process.once('exit', killWithTests);
  child.once('close', () => process.off('exit', killWithTests));

  const printed = { stdout: '', stderr: '' };
  const ended = waitForEnd(child, printed);
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const url = /"message":"service\.started".*"url":"([^"]+)"/.exec(printed.stdout)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then(({ code, stderr }) => reject(new Error(`The service ended with ${code}: ${stderr}`)));
  });
  listening.catch(() => undefined);
  return { child, listening, ended };
}

async function waitForEnd(child: ChildProcess, printed: { stdout: string; stderr: string }): Promise<Ending> {
  child.stdout?.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...printed };
}
