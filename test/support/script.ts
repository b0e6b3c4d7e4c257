import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { compileService } from './compiled.ts';

const root = path.join(import.meta.dirname, '../..');

/** What a program printed, and how it ended. */
export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ScriptOptions {
  /** Variables of its environment, over those of tests. Nothing else of this process's environment is handed on. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
}

/** Runs a program of `scripts/` as a process of its own. */
export async function runScript(
  name: string,
  args: readonly string[] = [],
  { variables, input = '' }: ScriptOptions = {},
): Promise<ScriptResult> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [path.join(await compileService(), 'scripts', `${name}.js`), ...args], {
    cwd: root,
    env: { PATH, HOME, NODE_ENV: 'test', ...variables },
    stdio: 'pipe',
  });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
