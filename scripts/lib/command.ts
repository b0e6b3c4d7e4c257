import { parseArgs, type ParseArgsConfig } from 'node:util';
import { describeFailure } from '../../app/failures.ts';

/** The exit codes that all scripts share. Those of a start that failed (see app/failures.ts) come beside them. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** The command line is wrong, or what it names is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Arguments<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/** A command-line program. */
export interface Command<O extends Options> {
  /** What `--help` prints: what it does, its options, examples, exit codes. */
  readonly help: string;
  readonly options: O;
  /** Does the work and gives the exit code. Data goes to standard output, everything else to standard error. */
  readonly run: (args: Pick<Arguments<O>, 'values' | 'positionals'>) => Promise<number>;
}

/** Runs a program with the arguments of the process, and leaves its exit code; whatever it throws becomes one clear message. */
export async function runCommand<O extends Options>({ help, options, run }: Command<O>): Promise<void> {
  // Whoever reads may have seen enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(`${help.trim()}\n`);
    return;
  }
  try {
    process.exitCode = await run(parseArguments(argv, options));
  } catch (error) {
    const { message, exitCode } = describeError(error);
    tell(message);
    process.exitCode = exitCode;
  }
}

function parseArguments<O extends Options>(args: string[], options: O): Arguments<O> {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function describeError(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof UsageError) return { message: `${error.message}\nSee --help.`, exitCode: exitCodes.usage };
  return describeFailure(error);
}

/** Throws `UsageError` when there are more words than the command knows. */
export function throwIfUnknownWords(positionals: readonly string[], known = 0): void {
  const unknown = positionals[known];
  if (unknown !== undefined) throw new UsageError(`Unexpected argument '${unknown}'.`);
}

/** Writes a line of data to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tells whoever watches, on standard error. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
