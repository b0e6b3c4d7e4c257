import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Target } from './protocol.ts';
import { parseWrkOutput, type WrkResult } from './wrk-output.ts';

const run = promisify(execFile);
const updateScript = fileURLToPath(new URL('../wrk/update.lua', import.meta.url));

/** How many connections are kept open, each with one request at a time. */
export const connections = 50;

/** The version of the installed wrk; undefined when there is none. */
export function wrkVersion(): string | undefined {
  // wrk answers `-v` with status 1.
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  return error === undefined ? (/^wrk \S+/.exec(stdout)?.[0] ?? 'wrk') : undefined;
}

/** Loads the target for some seconds, from one thread. */
export async function runWrk(port: number, target: Target, seconds: number): Promise<WrkResult> {
  const options = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--latency'];
  const headers = Object.entries(target.headers ?? {}).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const script = target.update === undefined ? [] : ['--script', updateScript];
  const { update } = target;
  const scriptArguments =
    update === undefined ? [] : ['--', update.method, target.path, String(update.count), update.body];
  const url = `http://127.0.0.1:${port}${target.path}`;
  const { stdout } = await run('wrk', [...options, ...headers, ...script, url, ...scriptArguments]);
  return parseWrkOutput(stdout);
}
