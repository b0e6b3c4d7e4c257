import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configSchema } from '../../config/schema.ts';
import { formatConfigTable } from '../../lib/config/describe.ts';

const root = join(import.meta.dirname, '../..');

interface Step {
  readonly commands: string;
  /** What the README says that the commands print; undefined when it says nothing. */
  readonly output: string | undefined;
}

/** Reads the part of the README between two markers. */
async function readSection(name: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, section] = new RegExp(`<!-- ${name}:begin -->\\n([\\s\\S]*?)<!-- ${name}:end -->`).exec(readme) ?? [];
  if (section === undefined) throw new Error(`The README has no section ${name}.`);
  return section;
}

function selectSteps(tour: string): Step[] {
  const blocks = tour.matchAll(/```sh\n([\s\S]*?)```\n(?:\n```\n([\s\S]*?)```\n)?/g);
  return [...blocks].map(([, commands = '', output]) => ({ commands, output: output?.trimEnd() }));
}

/** Runs all steps in one shell, as a reader would, and gives what each printed. */
async function runSteps(steps: readonly Step[]): Promise<string[]> {
  const separator = '\u001e';
  const script = steps.map(({ commands }) => `${commands}\nprintf '\\036'`).join('\n');
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'development' };
  const shell = spawn('bash', ['-c', script], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  shell.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(shell, 'close')) as [number];
  expect(code).toBe(0);
  return printed.split(separator).map(text => text.trimEnd());
}

describe('the README', () => {
  let directory: string;
  let service: ChildProcess;
  let url: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'readme-'));
    service = spawn(process.execPath, ['--import', 'tsx', 'app/index.ts'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'development', DATA_DIR: directory, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    url = await new Promise<string>((resolve, reject) => {
      service.once('exit', code => reject(new Error(`The service ended with ${code}: ${printed}`)));
      service.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /listens on (http:\S+)[\s\S]*Development token: \S+/.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
  });

  afterAll(async () => {
    service.removeAllListeners('exit');
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true });
  });

  it('prints in its tour exactly what the service prints', async () => {
    const tour = (await readSection('tour'))
      .replaceAll('http://127.0.0.1:8080', url)
      .replaceAll(' data/deliveries', ` ${directory}/deliveries`);
    const steps = selectSteps(tour);
    expect(steps.length).toBeGreaterThan(6);
    const outputs = await runSteps(steps);
    steps.forEach(({ commands, output }, at) => {
      if (output !== undefined) expect({ commands, output: outputs[at] }).toEqual({ commands, output });
    });
  });

  it('shows the table of the configuration as it is', async () => {
    expect((await readSection('config')).trim()).toBe(formatConfigTable(configSchema));
  });
});
