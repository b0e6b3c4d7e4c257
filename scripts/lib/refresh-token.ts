import { readFile } from 'node:fs/promises';
import { selectEnvironment } from '../../lib/config/environment.ts';
import { UsageError } from './command.ts';

/** Gives the token of the refresh job: the option's, else of `REFRESH_TOKEN` or `REFRESH_TOKEN_FILE`. Throws `UsageError`. */
export async function selectRefreshToken(option: string | undefined): Promise<string> {
  const { REFRESH_TOKEN: variable, REFRESH_TOKEN_FILE: file } = selectEnvironment();
  if (variable && file) throw new UsageError('REFRESH_TOKEN and REFRESH_TOKEN_FILE are both set.');
  const token = option ?? (variable || (file && (await readToken(file))));
  if (!token) throw new UsageError('There is no token: set REFRESH_TOKEN_FILE or REFRESH_TOKEN, or give --token.');
  // A token that is wrapped by a tool is no header any more.
  if (/\s/.test(token.trim())) throw new UsageError('The token is not one: it has spaces or line breaks.');
  return token.trim();
}

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`REFRESH_TOKEN_FILE cannot be read: ${(error as Error).message}`);
  }
}
