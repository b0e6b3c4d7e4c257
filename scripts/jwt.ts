import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords, UsageError } from './lib/command.ts';
import { loadServiceConfig } from './lib/configuration.ts';
import { parseGrants, readPrivateKey, selectSigningKey } from './lib/token-options.ts';
import { inspectToken } from './lib/token-inspection.ts';
import { parseDuration } from './lib/values.ts';
import { signToken } from '../lib/auth/sign-token.ts';

const help = `
jwt: makes and reads the tokens that the service takes.

  jwt make --user ID           prints a token
    --supreme                  that may do everything
    --campaign ID:ACTION,…     that may do this on a campaign; can be given more than once. The actions: read, update,
                               state:update, feature:update, config:update, media:join; read when left out
    --expires SPAN             for so long (default 12h)
    --private-key FILE         signed with a private key in PEM: RS256 or ES256, by its kind. Without it with the
                               secret of development, JWT_SECRET
  jwt read [TOKEN]             prints what a token says, and whether the service would take it: checked with the
                               configured key, issuer, audience and greatest age. Without TOKEN it is read from
                               standard input. Revocations are known to the service alone.

Examples
  npm run --silent jwt -- make --user me --supreme
  npm run --silent jwt -- make --user editor --campaign 51a5c5822fd659ec3d2cd6bd:update --expires 7d
  npm run --silent jwt -- make --user refresh-job --supreme --private-key jwt-private.pem > token
  npm run --silent jwt -- read < token

Exit codes
  0 done   1 the token would be refused (standard error says why)   2 configuration or command line not valid
  4 the keys cannot be fetched (JWT_JWKS_URL)
`;

await runCommand({
  help,
  options: {
    user: { type: 'string' },
    supreme: { type: 'boolean', default: false },
    campaign: { type: 'string', multiple: true, default: [] },
    expires: { type: 'string', default: '12h' },
    'private-key': { type: 'string' },
  },
  async run({ values, positionals: [action, ...words] }) {
    if (action === 'make') {
      throwIfUnknownWords(words);
      print(await makeToken(values));
      return exitCodes.done;
    }
    if (action !== 'read') throw new UsageError("Say what to do: 'make' or 'read'.");
    throwIfUnknownWords(words, 1);
    return readToken(words[0] ?? (await text(process.stdin)));
  },
});

interface MakeOptions {
  readonly user?: string | undefined;
  readonly supreme: boolean;
  readonly campaign: readonly string[];
  readonly expires: string;
  readonly 'private-key'?: string | undefined;
}

async function makeToken({ user, supreme, campaign, expires, 'private-key': file }: MakeOptions): Promise<string> {
  if (user === undefined || user === '') throw new UsageError('--user is missing: whom is the token for?');
  const campaigns = parseGrants(campaign);
  const expiresInSeconds = Math.ceil(parseDuration('--expires', expires) / 1000);
  const { jwt } = loadServiceConfig().config;
  const signing = file === undefined ? selectSigningKey(jwt) : readPrivateKey(file, await readPem(file));
  return signToken(
    { userId: user, ...(supreme && { supreme }), ...(campaign.length > 0 && { campaigns }) },
    { ...signing, expiresInSeconds, issuer: jwt.issuer, audience: jwt.audience },
  );
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--private-key ${file} cannot be read: ${(error as Error).message}`);
  }
}

async function readToken(token: string): Promise<number> {
  const { header, claims, faults } = await inspectToken(token.trim(), loadServiceConfig().config.jwt);
  if (claims !== undefined) print(JSON.stringify({ header, claims, accepted: faults.length === 0 }, null, 2));
  for (const fault of faults) tell(fault);
  return faults.length === 0 ? exitCodes.done : exitCodes.failed;
}
