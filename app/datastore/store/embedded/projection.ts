import { splitPath } from './paths.ts';
import { type Document, type Fields, isFields, isList } from './values.ts';

/** The fields that are wanted: whole, or some of their own fields. */
type Wanted = Map<string, Wanted | true>;

/** Compiles a projection: gives a document with `_id` and the fields asked for, in the document's order. */
export function compileProjection(
  projection: Readonly<Record<string, 1>> | undefined,
): (document: Document) => Document {
  if (projection === undefined || Object.keys(projection).length === 0) return document => document;
  const wanted: Wanted = new Map([['_id', true]]);
  for (const field of Object.keys(projection)) want(wanted, splitPath(field));
  return document => project(document, wanted) as Document;
}

function want(wanted: Wanted, [name = '', ...rest]: readonly string[]): void {
  const known = wanted.get(name);
  if (rest.length === 0) wanted.set(name, true);
  else if (known instanceof Map) want(known, rest);
  else if (known === undefined) {
    const inner: Wanted = new Map();
    wanted.set(name, inner);
    want(inner, rest);
  }
}

function project(fields: Fields, wanted: Wanted): Fields {
  const projected: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const inner = wanted.get(name);
    if (inner === true) projected[name] = value;
    else if (inner instanceof Map) {
      const part = projectValue(value, inner);
      if (part !== undefined) projected[name] = part;
    }
  }
  return Object.freeze(projected);
}

// Documents in a list are projected each; scalars have none of the fields asked for.
function projectValue(value: unknown, wanted: Wanted): unknown {
  if (isList(value)) {
    return Object.freeze(value.map(element => projectValue(element, wanted)).filter(element => element !== undefined));
  }
  return isFields(value) ? project(value, wanted) : undefined;
}
