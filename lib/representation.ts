import { constants, crc32, deflateRawSync } from 'node:zlib';

/** Bytes as a string: one character per byte, sent with the encoding `latin1`. */
export type ByteString = string;

/** The UTF-8 of a text, one character per byte; the text itself when it is ASCII, as most answers are. */
export function toByteString(text: string): ByteString {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}

/** A body ready to be sent. */
export type EncodedBody = Buffer | ByteString;

/**
 * A presented document, encoded once and answered many times. Its envelope is complete up to the part of `meta` that
 * each answer writes anew.
 */
export interface Representation {
  /** The entity tag as it stands in the header, quotes included. */
  readonly etag: string;
  /** What the encoded forms hold in memory now, for caches that are bounded by bytes. */
  readonly sizeBytes: number;
  /** The whole body. `tail` is what follows the fixed part: the members of `meta` without its opening brace. */
  encode(tail: ByteString): EncodedBody;
  /** The whole body as one gzip member, or null when it is not worth it (small documents, the first use). */
  encodeGzip(tail: ByteString): Buffer | null;
}

export interface RepresentationOptions {
  /** What stands under `data`; it is encoded at once and not held. */
  readonly data: unknown;
  readonly etag: string;
  /** Members of `meta` that are the same on each answer. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** Under this, gzip saves less than its headers and the client's work cost. */
const GZIP_THRESHOLD_BYTES = 1024;
/**
 * Node writes a short string together with the headers in one system call, which a Buffer never is (measured: 10 %
 * more answers per second at 2 KiB). Over this size it would copy the string once more, and a Buffer is better.
 */
const STRING_LIMIT_BYTES = 12 * 1024;
/** The longest content of a stored block of DEFLATE. */
const STORED_BLOCK_LIMIT_BYTES = 0xffff;
/** The gzip header: deflate, no name, no time, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const STORED_BLOCK_HEADER_BYTES = 5;
const GZIP_TRAILER_BYTES = 8;

/** Encodes a document once. Throws what `JSON.stringify` throws (cycles, BigInt). */
export function createRepresentation({ data, etag, meta = {} }: RepresentationOptions): Representation {
  const members = JSON.stringify(meta).slice(1, -1);
  return new EncodedDocument(
    etag,
    `{"data":${JSON.stringify(data ?? null)},"meta":{${members}${members === '' ? '' : ','}`,
  );
}

class EncodedDocument implements Representation {
  readonly etag: string;
  readonly #prefix: EncodedBody;
  #gzip: GzipPrefix | null = null;
  #wasGzipAsked = false;

  constructor(etag: string, prefix: string) {
    this.etag = etag;
    const bytes = toByteString(prefix);
    this.#prefix = bytes.length <= STRING_LIMIT_BYTES ? bytes : Buffer.from(bytes, 'latin1');
  }

  get sizeBytes(): number {
    return this.#prefix.length + (this.#gzip?.deflated.length ?? 0);
  }

  encode(tail: ByteString): EncodedBody {
    const prefix = this.#prefix;
    if (typeof prefix === 'string') return prefix + tail;
    const body = Buffer.allocUnsafe(prefix.length + tail.length);
    prefix.copy(body);
    body.write(tail, prefix.length, 'latin1');
    return body;
  }

  encodeGzip(tail: ByteString): Buffer | null {
    if (this.#prefix.length < GZIP_THRESHOLD_BYTES || tail.length > STORED_BLOCK_LIMIT_BYTES) return null;
    if (this.#gzip === null) {
      // A document that is asked for once is not worth compressing: most versions of most campaigns are not read twice.
      if (!this.#wasGzipAsked) {
        this.#wasGzipAsked = true;
        return null;
      }
      this.#gzip = compressPrefix(this.#prefix);
    }
    return completeGzip(this.#gzip, tail);
  }
}

interface GzipPrefix {
  /** The gzip header and the compressed prefix, ended on a byte boundary by a full flush. */
  readonly deflated: Buffer;
  readonly crc: number;
  readonly sizeBytes: number;
}

function compressPrefix(encoded: EncodedBody): GzipPrefix {
  const prefix = typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : encoded;
  const deflated = deflateRawSync(prefix, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  return { deflated: Buffer.concat([GZIP_HEADER, deflated]), crc: crc32(prefix), sizeBytes: prefix.length };
}

/** Ends the member: the tail as a final stored block, then the checksum and size of the whole. Nothing is compressed. */
function completeGzip({ deflated, crc, sizeBytes }: GzipPrefix, tail: ByteString): Buffer {
  const ending = Buffer.from(tail, 'latin1');
  const body = Buffer.allocUnsafe(deflated.length + STORED_BLOCK_HEADER_BYTES + tail.length + GZIP_TRAILER_BYTES);
  let offset = deflated.copy(body);
  offset = body.writeUInt8(1, offset);
  offset = body.writeUInt16LE(tail.length, offset);
  offset = body.writeUInt16LE(~tail.length & 0xffff, offset);
  offset += ending.copy(body, offset);
  offset = body.writeUInt32LE(crc32(ending, crc), offset);
  body.writeUInt32LE((sizeBytes + tail.length) >>> 0, offset);
  return body;
}
