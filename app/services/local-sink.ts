import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file of JSON lines that grows to a size, and then begins anew; what it held before lies in `<file>.1`. */
export interface LocalSink {
  /** Appends a line for each value; lines of one call stay together. Throws what the file system throws. */
  append(values: readonly unknown[]): Promise<void>;
}

/** Opens a sink; its folder is made when it is first written to. */
export function createLocalSink({ file, maxBytes }: { readonly file: string; readonly maxBytes: number }): LocalSink {
  let sizeBytes: number | undefined;
  let last: Promise<void> = Promise.resolve();

  const write = async (text: string): Promise<void> => {
    sizeBytes ??= await prepare(file);
    const textBytes = Buffer.byteLength(text);
    if (sizeBytes > 0 && sizeBytes + textBytes > maxBytes) {
      await rename(file, `${file}.1`);
      sizeBytes = 0;
    }
    await appendFile(file, text);
    sizeBytes += textBytes;
  };

  return {
    append(values) {
      if (values.length === 0) return Promise.resolve();
      const text = values.map(value => `${JSON.stringify(value)}\n`).join('');
      const written = last.then(() => write(text));
      // Who comes next waits for this one, and does not mind how it ended. The file may be gone: its size is read again.
      last = written.catch(() => {
        sizeBytes = undefined;
      });
      return written;
    },
  };
}

/** Makes the folder, and gives the size of the file, 0 when there is none. */
async function prepare(file: string): Promise<number> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
