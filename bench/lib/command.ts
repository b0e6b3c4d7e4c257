import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { wrkVersion } from './wrk.ts';

/** Ends the benchmark: it was asked for in a way that it does not understand, or misses something. */
export function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** What every benchmark is asked with. */
export interface BenchArguments {
  /** How many slices each candidate gets. */
  readonly slices: number;
  /** What alone is asked for; none when everything is. */
  readonly words: readonly string[];
  readonly json: string | undefined;
  readonly write: string | undefined;
}

/** Reads the arguments of the process; `slices` is their default. Ends the process with the usage when they are not understood. */
export function readArguments({ usage, slices }: { readonly usage: string; readonly slices: number }): BenchArguments {
  const { slices: text, only, json, write } = parse(usage, String(slices));
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) fail(`--slices needs a whole number from 1 on.\n${usage}`);
  return { slices: count, words: only?.split(',') ?? [], json, write };
}

function parse(usage: string, slices: string) {
  try {
    const { values } = parseArgs({
      options: {
        slices: { type: 'string', default: slices },
        only: { type: 'string' },
        json: { type: 'string' },
        write: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** Gives the version of wrk; ends the process when there is none. */
export function requireWrk(): string {
  return wrkVersion() ?? fail('The benchmark needs wrk: install it with `apt-get install wrk` or `brew install wrk`.');
}

/** The command that runs a script of package.json as this process was run. */
export const describeCommand = (script: string, given: readonly string[] = process.argv.slice(2)): string =>
  [`npm run ${script}`, ...(given.length > 0 ? ['--', ...given] : [])].join(' ');

/** Prints the document, and writes it and the figures to the files that were asked for. */
export async function publish({
  preface,
  about,
  sections,
  write,
  json,
  figures,
}: Pick<BenchArguments, 'write' | 'json'> & {
  /** The file that the document begins with. */
  readonly preface: URL;
  /** Where and when the figures were taken. */
  readonly about: string;
  readonly sections: readonly string[];
  readonly figures: object;
}): Promise<void> {
  const parts = [readFileSync(preface, 'utf8').trimEnd(), about, ...sections];
  const document = await format(parts.join('\n\n'), { parser: 'markdown' });
  console.log(document);
  if (write !== undefined) writeFileSync(write, document);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
}
