import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createRepresentation, type EncodedBody } from './representation.ts';

const tail = '"correlation":"c-1","timestamp":"2026-01-15T12:00:00.000Z"}}';
const meta = { correlation: 'c-1', timestamp: '2026-01-15T12:00:00.000Z' };
const large = { name: 'Zoë – 東京 🎟', text: 'presale '.repeat(400) };

function decode(body: EncodedBody): unknown {
  return JSON.parse((typeof body === 'string' ? Buffer.from(body, 'latin1') : body).toString());
}

describe('a representation', () => {
  it('is the envelope of its document, completed by the tail', () => {
    const representation = createRepresentation({ data: { _id: 'a' }, etag: '"v1"' });
    expect(decode(representation.encode(tail))).toEqual({ data: { _id: 'a' }, meta });
    expect(representation.etag).toBe('"v1"');
  });

  it('keeps fixed members of meta before those of the tail', () => {
    const representation = createRepresentation({ data: [], etag: '"v1"', meta: { cache: 'hit' } });
    expect(decode(representation.encode(tail))).toEqual({ data: [], meta: { cache: 'hit', ...meta } });
  });

  it('shows a document that is undefined as null', () => {
    expect(decode(createRepresentation({ data: undefined, etag: '"v1"' }).encode(tail))).toEqual({ data: null, meta });
  });

  it.each([10, 5000, 100_000])('keeps UTF-8 whole, at a size of %i characters', length => {
    const data = { text: '東京 é 🎟'.repeat(Math.ceil(length / 7)) };
    const body = createRepresentation({ data, etag: '"v1"' }).encode(tail);
    expect(decode(body)).toEqual({ data, meta });
  });

  it('is compressed at its second use, not at its first', () => {
    const representation = createRepresentation({ data: large, etag: '"v1"' });
    expect(representation.encodeGzip(tail)).toBeNull();
    const gzip = representation.encodeGzip(tail);
    expect(gzip && JSON.parse(gunzipSync(gzip).toString())).toEqual({ data: large, meta });
    expect(gzip?.length).toBeLessThan(Buffer.byteLength(JSON.stringify(large)) / 4);
  });

  it('is never compressed when it is small', () => {
    const representation = createRepresentation({ data: { _id: 'a' }, etag: '"v1"' });
    representation.encodeGzip(tail);
    expect(representation.encodeGzip(tail)).toBeNull();
  });

  it('counts what it holds, the compressed form included once there is one', () => {
    const representation = createRepresentation({ data: large, etag: '"v1"' });
    const before = representation.sizeBytes;
    expect(before).toBeGreaterThan(Buffer.byteLength(JSON.stringify(large)));
    representation.encodeGzip(tail);
    representation.encodeGzip(tail);
    expect(representation.sizeBytes).toBeGreaterThan(before);
  });

  it('is one valid gzip member for any document and any tail', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 2000 }), (value, text) => {
        const data = [value, 'x'.repeat(1100)];
        const representation = createRepresentation({ data, etag: '"v1"' });
        const ending = `"text":${Buffer.from(JSON.stringify(text)).toString('latin1')}}}`;
        representation.encodeGzip(ending);
        const gzip = representation.encodeGzip(ending);
        const plain = Buffer.from(representation.encode(ending) as string, 'latin1');
        // gunzip checks the checksum and the size of the trailer.
        expect(gzip && gunzipSync(gzip).equals(plain)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
