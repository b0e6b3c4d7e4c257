import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { exitCodes } from '../../app/failures.ts';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { listConfigKeys } from '../../lib/config/config-schema.ts';
import { loadConfig } from '../../lib/config/load.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8');

/** The first cells of the rows of the tables in a page. */
function selectFirstCells(markdown: string): string[] {
  return [...markdown.matchAll(/^\| (.+?) \|/gm)].map(([, cell = '']) => cell);
}

describe('the runbook', () => {
  it('explains every exit code of a start that failed, and no other', async () => {
    const codes = selectFirstCells(await read('docs/operations/runbook.md')).filter(cell => /^\d+$/.test(cell));
    expect(codes.map(Number).sort()).toEqual(Object.values(exitCodes).sort());
  });

  it('explains messages that the code can log', async () => {
    const messages = selectFirstCells(await read('docs/operations/runbook.md')).flatMap(
      cell => /^`(.+)`$/.exec(cell)?.[1] ?? [],
    );
    expect(messages.length).toBeGreaterThan(5);
    const files = (
      await Promise.all(
        ['app', 'lib'].map(folder =>
          readdir(path.join(root, folder), { recursive: true }).then(names => names.map(name => `${folder}/${name}`)),
        ),
      )
    ).flat();
    const sources = await Promise.all(
      files.filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts')).map(read),
    );
    const code = sources.join('\n');
    expect(messages.filter(message => !code.includes(`'${message}'`))).toEqual([]);
  });
});

describe('the page about scripts', () => {
  it('names each script', async () => {
    const scripts = (await readdir(path.join(root, 'scripts')))
      .filter(file => file.endsWith('.ts'))
      .map(file => `\`${path.parse(file).name}\``);
    const cells = selectFirstCells(await read('docs/operations/scripts.md'));
    expect(scripts.filter(script => !cells.includes(script))).toEqual([]);
  });
});

describe('the operations pages', () => {
  it('name no variable that there is not', async () => {
    const known = new Set(listConfigKeys(configSchema).flatMap(({ key }) => [key['x-env'], `${key['x-env']}_FILE`]));
    const others =
      /^(NODE_\w+|REFRESH_TOKEN(_FILE)?|MONGODB_TEST_URI|SECRETS_DIR|MONGODB_TLS_|OLD_KEY|ID|VALIDATION_ERROR|SIGTERM|INACTIVE|HEALTHCHECK|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|SERVICE_UNAVAILABLE|TIMEOUT)$/;
    for (const page of await readdir(path.join(root, 'docs/operations'))) {
      if (!page.endsWith('.md')) continue;
      const names = [...(await read(`docs/operations/${page}`)).matchAll(/`([A-Z][A-Z_]{3,})(?:=[^`]*)?\*?`/g)].map(
        ([, name = '']) => name,
      );
      expect({ page, unknown: names.filter(name => !known.has(name) && !others.test(name)) }).toEqual({
        page,
        unknown: [],
      });
    }
  });
});

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly environment?: Readonly<Record<string, string>>;
        readonly depends_on?: object;
        readonly secrets?: readonly string[];
      }
    >
  >;
  readonly secrets: Readonly<Record<string, unknown>>;
}

describe('compose.yaml', () => {
  it('gives the service and its jobs a configuration that is valid, and only variables that they read', async () => {
    const { services, secrets } = parse(await read('compose.yaml'), { merge: true }) as Compose;
    const known = new Set([
      'NODE_ENV',
      // The SDK of AWS reads these by itself.
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      ...listConfigKeys(configSchema).flatMap(({ key }) => [key['x-env'], `${key['x-env']}_FILE`]),
    ]);
    const directory = await mkdtemp(path.join(tmpdir(), 'compose-'));
    try {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      await writeFile(path.join(directory, 'jwt_public_key'), publicKey.export({ type: 'spki', format: 'pem' }));
      await writeFile(path.join(directory, 'data_encryption_keys'), `${Buffer.alloc(32).toString('base64')}\n`);
      for (const name of ['service', 'indexes']) {
        const { environment = {}, secrets: used = [] } = services[name] ?? {};
        expect(Object.keys(environment).filter(variable => !known.has(variable))).toEqual([]);
        expect(used.filter(secret => !(secret in secrets))).toEqual([]);
        const load = (given: Readonly<Record<string, string>>): Config =>
          loadConfig<Config>({
            schema: configSchema,
            rules: configRules,
            directory: path.join(root, 'config'),
            variables: Object.fromEntries(
              Object.entries(environment).map(([variable, value]) => [
                variable,
                value
                  .replace('/run/secrets', directory)
                  .replace(
                    /^\$\{(\w+):-(.*)\}$/,
                    (_all, named: string, byDefault: string) => given[named] ?? byDefault,
                  ),
              ]),
            ),
          }).config;
        expect(load({}).kinesis.campaignStream).toBe('off');
        const backends = [...(await read('compose.backends.env')).matchAll(/^(\w+)=(.+)$/gm)];
        const given = Object.fromEntries(backends.map(([, variable = '', value = '']) => [variable, value]));
        const { kinesis, sqs, redis } = load(given);
        const { endpoint: _kinesis, ...streams } = kinesis;
        const { endpoint: _sqs, ...queues } = sqs;
        const servers = [redis.url, redis.replicaUrl];
        expect([...Object.values(streams), ...Object.values(queues), ...servers].sort()).toEqual(
          Object.values(given).sort(),
        );
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('waits only for services that there are', async () => {
    const { services } = parse(await read('compose.yaml'), { merge: true }) as Compose;
    const awaited = Object.values(services).flatMap(({ depends_on: others = {} }) => Object.keys(others));
    expect(awaited.filter(name => !(name in services))).toEqual([]);
  });
});

describe('the Dockerfile', () => {
  it('copies what there is, and what its context lets through', async () => {
    const copied = [...(await read('Dockerfile')).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied).toContain('app');
    const there = await readdir(root);
    expect(copied.filter(source => !there.includes(source))).toEqual([]);
    const ignore = (await read('.dockerignore')).split('\n');
    expect(copied.filter(source => !ignore.includes(`!${source}`))).toEqual([]);
  });
});
