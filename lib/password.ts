import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';

/** OWASP's first choice for scrypt: 128 MiB and about a third of a second. We take a quarter of it: passwords here guard a page, and attempts are counted. */
const COST = 2 ** 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** How many hashes are computed at once: each takes 32 MiB and a thread. */
const CONCURRENCY = 2;
const HASH = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]+)\$([\w-]+)$/;

/** Lets a fixed number of tasks run at once; the others wait in turn. */
function createSemaphore(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  const state = { running: 0 };
  return async task => {
    if (state.running >= limit) await new Promise<void>(resolve => waiting.push(resolve));
    else state.running += 1;
    try {
      return await task();
    } finally {
      // The place goes straight to the next one.
      const next = waiting.shift();
      if (next === undefined) state.running -= 1;
      else next();
    }
  };
}

const inTurn = createSemaphore(CONCURRENCY);

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        const maxmem = 256 * (options.N ?? COST) * (options.r ?? BLOCK_SIZE);
        scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { ...options, maxmem }, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );
}

/** Gives the salted scrypt hash of a password, as `scrypt$N$r$p$salt$hash` (base64url). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, { N: COST, r: BLOCK_SIZE, p: PARALLELISM });
  return ['scrypt', COST, BLOCK_SIZE, PARALLELISM, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Says, in constant time, whether a password is that of a hash. A string that is no hash is nobody's. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, cost, blockSize, parallelism, salt = '', key = ''] = HASH.exec(hash) ?? [];
  if (key === '') return false;
  const expected = Buffer.from(key, 'base64url');
  const options = { N: Number(cost), r: Number(blockSize), p: Number(parallelism) };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), options);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
