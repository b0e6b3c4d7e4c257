import { type Representation } from '../../lib/representation.ts';

/** What a client reads of a document that is encoded. */
export interface DecodedView {
  readonly data: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Reads the whole body of an encoded document, as it would be sent. */
export function decodeView({ representation }: { readonly representation: Representation }): DecodedView {
  const body = representation.encode('"correlation":"c"}}');
  return JSON.parse(Buffer.from(body as string, 'latin1').toString()) as DecodedView;
}
