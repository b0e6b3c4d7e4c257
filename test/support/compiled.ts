import { transformFile } from '@swc/core';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');
const cache = path.join(root, 'node_modules/.cache/compiled');
const folders = ['app', 'lib', 'schemas', 'config', 'scripts'];

/** What a module imports of its own project, which is called otherwise when it is compiled. */
const RELATIVE_IMPORT =
  /(\b(?:from|import)\s*\(?\s*'\.{1,2}\/[^']+|\b(?:from|import)\s*\(?\s*"\.{1,2}\/[^"]+)\.ts(['"])/g;

interface Source {
  /** Its path in the repository. */
  readonly file: string;
  readonly state: string;
}

let compiled: Promise<string> | undefined;

/**
 * Gives a folder with the service and its scripts as JavaScript. Hundreds of processes are started in the tests, and one
 * that compiles on the fly takes a second longer. It is compiled once for each state of the sources, laid out like the
 * repository, below `node_modules`, where packages are found.
 */
export function compileService(): Promise<string> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<string> {
  const sources = (await Promise.all(folders.map(listSources))).flat();
  const states = sources.map(({ file, state }) => `${file} ${state}`).sort();
  const directory = path.join(cache, createHash('sha256').update(states.join('\n')).digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;
  const made = path.join(cache, randomUUID());
  await Promise.all([...sources.map(({ file }) => file), 'package.json'].map(file => place(file, made)));
  // Another worker may have been quicker: its folder is as good.
  await rename(made, directory).catch(() => rm(made, { recursive: true }));
  await removeOthers(directory);
  return directory;
}

async function listSources(folder: string): Promise<Source[]> {
  const names = await readdir(path.join(root, folder), { recursive: true });
  const files = names.filter(name => /\.(?:ts|js|json|yml)$/.test(name) && !name.endsWith('.test.ts'));
  return Promise.all(
    files.map(async name => {
      const file = path.join(folder, name);
      const { mtimeMs, size } = await stat(path.join(root, file));
      return { file, state: `${mtimeMs} ${size}` };
    }),
  );
}

async function place(file: string, directory: string): Promise<void> {
  const source = path.join(root, file);
  const target = path.join(directory, file);
  await mkdir(path.dirname(target), { recursive: true });
  if (!file.endsWith('.ts')) return copyFile(source, target);
  const { code } = await transformFile(source, {
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript' },
      experimental: { keepImportAttributes: true },
    },
    module: { type: 'es6' },
    swcrc: false,
  });
  await writeFile(target.replace(/\.ts$/, '.js'), code.replace(RELATIVE_IMPORT, '$1.js$2'));
}

/** Removes what older sources were compiled to; what was made just now may be in use by another worker. */
async function removeOthers(current: string): Promise<void> {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of await readdir(cache)) {
    const other = path.join(cache, name);
    if (other !== current && (await stat(other)).mtimeMs < hourAgo) await rm(other, { recursive: true, force: true });
  }
}
