import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataDirectoryLockedError, lockDirectory } from './directory-lock.ts';

const LOCK = pathToFileURL(path.join(import.meta.dirname, 'directory-lock.ts')).href;

/** Takes the folder named by its argument, says "held" or "refused", and stays until it is killed. */
const PROGRAM = `
  import { lockDirectory } from ${JSON.stringify(LOCK)};
  setInterval(() => undefined, 1000);
  try {
    await lockDirectory(process.argv[1]);
    process.stdout.write('held');
  } catch (error) {
    process.stdout.write(error.name);
  }
`;

describe('the lock of a data folder', () => {
  let directory: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await rm(directory, { recursive: true, force: true });
  });

  async function startProcess(): Promise<{ readonly child: ChildProcess; readonly said: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    children.push(child);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, said: said.toString() };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('is refused to a second taker in the same process, by an error that names the folder', async () => {
    const lock = await lockDirectory(directory);
    const refused = lockDirectory(directory);
    await expect(refused).rejects.toBeInstanceOf(DataDirectoryLockedError);
    await expect(refused).rejects.toMatchObject({ directory });
    await expect(refused).rejects.toThrow(`The data folder ${directory} is in use: another process holds it.`);
    await lock.release();
  });

  it('can be taken again once it is released, and leaves nothing behind', async () => {
    await (await lockDirectory(directory)).release();
    await (await lockDirectory(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused while another process holds it, and free again when that one is killed', async () => {
    const { child, said } = await startProcess();
    expect(said).toBe('held');
    await expect(lockDirectory(directory)).rejects.toBeInstanceOf(DataDirectoryLockedError);
    await kill(child);
    const lock = await lockDirectory(directory);
    expect((await startProcess()).said).toBe('DataDirectoryLockedError');
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('goes to one at most of many that start at once', async () => {
    for (let round = 0; round < 4; round += 1) {
      const starters = await Promise.allSettled(Array.from({ length: 6 }, () => lockDirectory(directory)));
      const held = starters.filter(starter => starter.status === 'fulfilled');
      expect(held.length).toBeLessThanOrEqual(1);
      for (const { value } of held) await value.release();
    }
    await (await lockDirectory(directory)).release();
  });

  it('goes to one at most of several processes that start at once over what a killed one left', async () => {
    await kill((await startProcess()).child);
    const starters = await Promise.all(Array.from({ length: 4 }, startProcess));
    expect(starters.filter(({ said }) => said === 'held').length).toBeLessThanOrEqual(1);
  });

  it('works in a folder whose name is longer than a socket may have', async () => {
    const deep = path.join(directory, 'd'.repeat(120));
    await mkdir(deep);
    const lock = await lockDirectory(deep);
    await expect(lockDirectory(deep)).rejects.toBeInstanceOf(DataDirectoryLockedError);
    await lock.release();
    await (await lockDirectory(deep)).release();
    expect(await readdir(deep)).toEqual([]);
  });
});
