import { type ValidateFunction } from 'ajv';
import { createAsyncApi } from '../../app/realtime/asyncapi.ts';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { createAjv } from '../../lib/schema/ajv.ts';

/** What the channel's document says of events: throws when one is otherwise. */
export interface ChannelContract {
  /** Checks what the service sent. */
  throwIfNotPromised(event: Envelope): void;
  /** Checks what a client sent and the service took, unless it was written by the older names. */
  throwIfNotDescribed(request: unknown): void;
  /** The messages of the document that were checked. */
  readonly seen: ReadonlySet<string>;
}

/** A message of the document. */
export interface Described {
  readonly key: string;
  readonly name: string;
  readonly validate: ValidateFunction;
}

/** Makes the contract of the document that the service publishes. */
export function createChannelContract(): ChannelContract {
  const described = compileMessages(createAsyncApi({ version: 'test' }));
  const seen = new Set<string>();

  const check = (event: unknown, candidates: readonly Described[]): void => {
    const match = candidates.find(({ validate }) => validate(event));
    if (match === undefined) {
      const faults = candidates.flatMap(({ key, validate }) =>
        (validate.errors ?? []).map(fault => ({ key, ...fault })),
      );
      const shown = JSON.stringify(event).slice(0, 1_000);
      throw new Error(`The document knows no such event: ${JSON.stringify(faults)} in ${shown}`);
    }
    seen.add(match.key);
  };
  const select = (type: unknown): Described[] => described.filter(({ name }) => name === type);

  return {
    seen,
    throwIfNotPromised(event) {
      const known = select(event.type);
      check(event, known.length > 0 ? known : select('failure'));
    },
    throwIfNotDescribed(request) {
      if (!JSON.stringify(request).includes('_id"') && select((request as Envelope).type).length > 0) {
        check(request, select((request as Envelope).type));
      }
    },
  };
}

/** Compiles the schemas of a document's messages. Throws when one is wrong. */
export function compileMessages(document: Readonly<Record<string, unknown>>): Described[] {
  const ajv = createAjv();
  const { messages, schemas } = document['components'] as {
    messages: Record<string, { name: string; payload: object }>;
    schemas: object;
  };
  const relocate = (schema: object): object =>
    JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')) as object;
  const $defs = relocate(schemas);
  return Object.entries(messages).map(([key, { name, payload }]) => ({
    key,
    name,
    validate: ajv.compile({ ...relocate(payload), $defs }),
  }));
}
