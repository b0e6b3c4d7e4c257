import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCodec } from './codec.ts';
import { type Document, storableFields } from './values.ts';

const name = fc.string().filter(text => text !== '__proto__');
const value = fc.anything({
  key: name,
  withNullPrototype: false,
  maxDepth: 3,
  values: [fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.date({ noInvalidDate: true })],
});
const fields = fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true });
const document = fields.map(made => storableFields({ ...made, _id: 'x' }) as Document);

describe('the codec', () => {
  it('gives back every document as it was', () => {
    const codec = createCodec([]);
    fc.assert(
      fc.property(document, before => {
        const bytes = codec.encode(before);
        expect(codec.decode(bytes, bytes.length)).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it('decodes in a later process what an earlier one encoded, with the structures that it told', () => {
    const writer = createCodec([]);
    const documents = Array.from({ length: 1500 }, (_, n) => ({
      _id: `k${n}`,
      [`field${n}`]: { [`inner${n % 700}`]: n },
    }));
    const encoded = documents.map(each => writer.encode(each));
    const structures = JSON.parse(JSON.stringify(writer.unsavedStructures())) as string[][];
    const reader = createCodec(structures);
    expect(encoded.map(bytes => reader.decode(bytes, bytes.length))).toEqual(documents);
    // And goes on encoding where the first one stopped.
    const more = reader.encode({ _id: 'more', list: [{ a: 1 }, { a: 2 }] });
    expect(createCodec(reader.unsavedStructures() ?? structures).decode(more, more.length)).toEqual({
      _id: 'more',
      list: [{ a: 1 }, { a: 2 }],
    });
  });

  it('tells of structures until they are saved', () => {
    const codec = createCodec([]);
    expect(codec.unsavedStructures()).toBeUndefined();
    codec.encode({ _id: 'x', a: 1 });
    const structures = codec.unsavedStructures();
    expect(structures).toEqual([['_id', 'a']]);
    codec.markSaved(structures ?? []);
    expect(codec.unsavedStructures()).toBeUndefined();
    codec.encode({ _id: 'y', a: 2 });
    expect(codec.unsavedStructures()).toBeUndefined();
    codec.encode({ _id: 'y', b: 2 });
    expect(codec.unsavedStructures()).toEqual([
      ['_id', 'a'],
      ['_id', 'b'],
    ]);
  });

  it('reads no further than it is told: the buffer may be longer', () => {
    const codec = createCodec([]);
    const bytes = codec.encode({ _id: 'x' });
    expect(codec.decode(Buffer.concat([bytes, Buffer.alloc(100, 255)]), bytes.length)).toEqual({ _id: 'x' });
  });
});
