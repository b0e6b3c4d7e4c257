import { randomUUID } from 'node:crypto';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords, UsageError } from './lib/command.ts';
import { callRefresh } from './lib/refresh-call.ts';
import { selectRefreshToken } from './lib/refresh-token.ts';
import { parseCount, parseDuration } from './lib/values.ts';

const refreshExitCodes = { ...exitCodes, partial: 3, unreachable: 4 } as const;

const help = `
refresh: has the service open, close and retire the campaigns whose time has come. For a job that runs every minute,
where the service does not do it by itself (REFRESH_CRON).

  --url URL         the service (default http://127.0.0.1:8080)
  --token TOKEN     a supreme user's token; better in REFRESH_TOKEN_FILE (the name of a file) or REFRESH_TOKEN,
                    where other users of the machine do not see it
  --strict          exit with 1 when there are campaigns that cannot be moved
  --attempts N      how often it is tried at most (default 5)
  --timeout SPAN    how long an attempt may take (default 60s)
  --backoff SPAN    the longest pause after the first failure; it doubles with each further one (default 1s)

It is tried again after 429, 5xx and failures of the network, not before Retry-After (of at most a minute). Prints the
counts as JSON: of the last attempt, which goes on where those before it ended.

Examples
  REFRESH_TOKEN_FILE=/run/secrets/refresh_token npm run --silent refresh -- --url http://campaigns:8080 --strict

Exit codes
  0 done   1 with --strict: done, but campaigns could not be moved (they are named)
  2 the command line is not valid, or the call is refused (token, address)
  3 the service was reached and gave no result: some campaigns may have been moved   4 it cannot be reached
`;

await runCommand({
  help,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    token: { type: 'string' },
    strict: { type: 'boolean', default: false },
    attempts: { type: 'string', default: '5' },
    timeout: { type: 'string', default: '60s' },
    backoff: { type: 'string', default: '1s' },
  },
  async run({ values, positionals }) {
    throwIfUnknownWords(positionals);
    if (!URL.canParse(values.url) || !/^https?:/.test(values.url))
      throw new UsageError(`--url ${values.url} is not an http address.`);
    const correlation = `refresh-${randomUUID()}`;
    const outcome = await callRefresh({
      url: values.url,
      token: await selectRefreshToken(values.token),
      correlation,
      attempts: parseCount('--attempts', values.attempts),
      timeoutMs: parseDuration('--timeout', values.timeout),
      backoffMs: parseDuration('--backoff', values.backoff),
      onFailure: (attempt, reason) => tell(`Attempt ${attempt}: ${reason}.`),
    });
    if (outcome.kind !== 'done') {
      tell(
        outcome.kind === 'partial'
          ? `The refresh was not completed; the log has it as ${correlation}.`
          : `${values.url} cannot be reached.`,
      );
      return refreshExitCodes[outcome.kind];
    }
    const { result, attempts } = outcome;
    print(JSON.stringify({ ...result, attempts }));
    for (const { campaignId, type } of result.failed) tell(`Campaign ${campaignId} cannot be moved: ${type}.`);
    return values.strict && result.failedCount > 0 ? exitCodes.failed : exitCodes.done;
  },
});
