import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const configuration = path.join(root, 'bench', 'tsconfig.build.json');

/** Where `buildServers` puts what it makes, laid out like the repository: where packages are found, and no tool looks. */
export const buildDirectory = path.join(root, 'node_modules', '.cache', 'bench');

/**
 * Compiles the service and the servers of the benchmark as `npm run build` does, since that is what runs in production:
 * loaders that compile on the fly wrap each function to keep its name, which costs updates a fifth. Throws with what the
 * compiler printed.
 */
export function buildServers(): void {
  rmSync(buildDirectory, { recursive: true, force: true });
  const compiler = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
  const options = ['-p', configuration, '--outDir', buildDirectory];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...options], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The servers cannot be built:\n${stdout}`);
  const files = path.join(root, 'config');
  for (const file of readdirSync(files).filter(name => /\.(?:yml|json)$/.test(name))) {
    copyFileSync(path.join(files, file), path.join(buildDirectory, 'config', file));
  }
}
