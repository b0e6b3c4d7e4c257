import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalSink } from './local-sink.ts';

describe('a local sink', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sink-'));
    file = path.join(directory, 'deliveries', 'a.ndjson');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const readLines = async (name = file): Promise<unknown[]> =>
    (await readFile(name, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown);

  it('makes its folder, and appends a line for each value, in order', async () => {
    const sink = createLocalSink({ file, maxBytes: 1000 });
    await Promise.all([sink.append([{ a: 1 }, { a: 2 }]), sink.append([]), sink.append([{ a: 3 }])]);
    expect(await readLines()).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it('begins anew at its size, and keeps what it held before, once', async () => {
    const sink = createLocalSink({ file, maxBytes: 20 });
    for (let number = 10; number < 19; number += 1) await sink.append([{ number }]);
    expect(await readLines()).toEqual([{ number: 18 }]);
    expect(await readLines(`${file}.1`)).toEqual([{ number: 17 }]);
    expect(await readdir(path.dirname(file))).toHaveLength(2);
  });

  it('goes on in the file of the process before', async () => {
    await createLocalSink({ file, maxBytes: 20 }).append([{ number: 1 }]);
    await createLocalSink({ file, maxBytes: 20 }).append([{ number: 2 }]);
    expect(await readLines(`${file}.1`)).toEqual([{ number: 1 }]);
  });

  it('goes on after a failure, which only who wrote hears of', async () => {
    const sink = createLocalSink({ file, maxBytes: 20 });
    await sink.append(['0123456789']);
    await rm(path.dirname(file), { recursive: true });
    await expect(sink.append(['0123456789'])).rejects.toThrow('ENOENT');
    await sink.append(['again']);
    expect(await readLines()).toEqual(['again']);
  });
});
