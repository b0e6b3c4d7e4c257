import { createRepresentation, type Representation } from '../../lib/representation.ts';

/** Gives the fields of a stored document that a schema shows, in the schema's order. */
export function selectShown(document: object, properties: object): Record<string, unknown> {
  const stored = document as Readonly<Record<string, unknown>>;
  const shown: Record<string, unknown> = {};
  for (const field in properties) if (stored[field] !== undefined) shown[field] = stored[field];
  return shown;
}

/** A document as its readers see it: encoded, with the ETag of its version. */
export interface DocumentView {
  readonly _id: string;
  readonly version: number;
  readonly representation: Representation;
}

/** Encodes the one view of a document that shows the same to everyone. */
export function createView(shown: { readonly _id: string; readonly version: number }): DocumentView {
  const { _id, version } = shown;
  return { _id, version, representation: createRepresentation({ data: shown, etag: `"${version}-full"` }) };
}
