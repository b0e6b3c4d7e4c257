/** The JSON of a body, or what is wrong with it. */
export type JsonBody = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads a JSON body of at most so many bytes; no body is undefined. What is larger is not read to its end. Throws what
 * breaks off the transfer.
 */
export async function readJson(response: Response, maxBytes: number): Promise<JsonBody> {
  const text = await readText(response, maxBytes);
  if (text === null) return { problem: `its answer is larger than ${maxBytes} bytes` };
  if (text === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'its answer is not JSON' };
  }
}

async function readText(response: Response, maxBytes: number): Promise<string | null> {
  const { body } = response;
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, and with it the transfer.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads `Retry-After`, seconds or a date, as milliseconds from now; undefined when there is none that makes sense. */
export function selectRetryAfterMs(headers: Headers, now: () => number = Date.now): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
