import { Packr } from 'msgpackr';
import { type Document } from './values.ts';

/** The names of an object's fields, in their order; an encoded object says which list it has instead of the names. */
export type Structures = readonly (readonly string[])[];

/** Turns documents into bytes and back. */
export interface Codec {
  encode(document: Document): Buffer;
  /** The document in the first bytes of a buffer, deeply frozen. */
  decode(bytes: Uint8Array, length: number): Document;
  /** The structures, when they are more than those that were last marked as saved. Without them nothing can be decoded. */
  unsavedStructures(): Structures | undefined;
  markSaved(structures: Structures): void;
}

/** Objects of rarer shapes carry their names themselves. Must never become less: it is part of the format. */
const MAX_STRUCTURES = 512;

/** As the packer has them: those that are shared come first. */
interface SharedStructures {
  readonly sharedLength: number;
}

/** Makes the codec of a database from the structures that it holds. */
export function createCodec(stored: Structures): Codec {
  let structures = stored;
  let saved = stored;
  const options = {
    useRecords: true,
    maxSharedStructures: MAX_STRUCTURES,
    // Bytes are read from memory that the next read overwrites.
    copyBuffers: true,
    freezeData: true,
    getStructures: () => copyOf(structures),
    saveStructures(changed: object[]) {
      const { sharedLength } = changed as Partial<SharedStructures>;
      structures = copyOf(changed.slice(0, sharedLength) as unknown as Structures);
    },
  };
  const packr = new Packr(options);
  return {
    encode: document => packr.encode(document),
    decode: (bytes, length) => packr.decode(bytes, { end: length }) as Document,
    unsavedStructures: () => (structures === saved ? undefined : structures),
    markSaved(structuresSaved) {
      saved = structuresSaved;
    },
  };
}

// The packer notes things on the lists that it is given.
function copyOf(structures: Structures): string[][] {
  return structures.map(names => [...names]);
}
