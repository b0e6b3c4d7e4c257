import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Target } from './protocol.ts';
import { parseWrkOutput, type WrkResult } from './wrk-output.ts';

const run = promisify(execFile);
const pickScript = fileURLToPath(new URL('../wrk/pick.lua', import.meta.url));

/** How many connections are kept open unless a candidate says otherwise, each with one request at a time. */
export const usualConnections = 50;

/** The version of the installed wrk; undefined when there is none. */
export function wrkVersion(): string | undefined {
  // wrk answers `-v` with status 1.
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  return error === undefined ? (/^wrk \S+/.exec(stdout)?.[0] ?? 'wrk') : undefined;
}

/** Loads the target for some seconds, from one thread. */
export async function runWrk(
  port: number,
  target: Target,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<WrkResult> {
  const options = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--latency'];
  const { path, headers = {}, method = 'GET', body, pick } = target;
  const given = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const script = pick === undefined ? [] : ['--script', pickScript];
  const drawn =
    pick === undefined ? [] : ['--', method, path, String(pick.count), String(pick.stride), ...(body ? [body] : [])];
  // Where requests are drawn, the address says no more than where to connect.
  const url = `http://127.0.0.1:${port}${pick === undefined ? path : '/'}`;
  try {
    const { stdout } = await run('wrk', [...options, ...given, ...script, url, ...drawn]);
    return parseWrkOutput(stdout);
  } catch (error) {
    // The error of a command that failed repeats all of it, and the token with it.
    const { stderr } = error as { stderr?: string };
    throw stderr === undefined ? error : new Error(`wrk failed: ${stderr.trim()}`);
  }
}
