import { ObjectId } from 'mongodb';
import { type Filter, InvalidOperationError, type Update } from '../collection.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Turns the 24-hex strings of a collection's id fields into ObjectIds on their way in, and back on their way out. */
export interface IdCodec {
  /** A document as MongoDB keeps it. The one given is not altered; what holds no ids is shared, not copied. */
  encodeDocument(document: object): Fields;
  /** A filter as MongoDB must get it. Throws `InvalidOperationError` on `undefined`, which would match everything. */
  encodeFilter(filter: Filter): Fields;
  /** An update as MongoDB must get it. */
  encodeUpdate(update: Update): Fields;
  /** A document as the service knows it. Alters the one given, which must be fresh from the driver. */
  decodeDocument(document: unknown): unknown;
  /** A value of the field (a dotted path) as the service knows it. */
  decodeValue(field: string, value: unknown): unknown;
}

/** The id fields as a tree, so that the work grows with their number and not with the size of a document. */
interface IdTree {
  isId: boolean;
  readonly fields: Map<string, IdTree>;
}

const NO_IDS: IdTree = { isId: false, fields: new Map() };

/**
 * Builds the codec for the id fields (dotted paths, through lists too) of a collection. Only lower-case 24-hex strings
 * are ids: any other string stays one and equals no id, as it does in a store that compares strings.
 */
export function createIdCodec(ids: readonly string[]): IdCodec {
  const tree = treeOf(ids);
  return {
    encodeDocument: document => encodeValue(document, tree) as Fields,
    encodeFilter: filter => encodeQuery(filter, tree),
    encodeUpdate: update =>
      mapFields(update, (operator, fields) =>
        mapFields(fields as Fields, (field, value) => encodeOperand(operator, value, descend(tree, field))),
      ),
    decodeDocument: document => decode(document, tree),
    decodeValue: (field, value) => decode(value, descend(tree, field)),
  };
}

function treeOf(ids: readonly string[]): IdTree {
  const root: IdTree = { isId: false, fields: new Map() };
  for (const path of ids) {
    let node = root;
    for (const segment of path.split('.')) {
      const child = node.fields.get(segment) ?? { isId: false, fields: new Map<string, IdTree>() };
      node.fields.set(segment, child);
      node = child;
    }
    node.isId = true;
  }
  return root;
}

/** The part of the tree under a path. Places in a list (`links.0.id`, `links.$.id`) are no fields of their own. */
function descend(tree: IdTree, path: string): IdTree {
  let node: IdTree | undefined = tree;
  for (const segment of path.split('.')) {
    if (/^(\d+$|\$)/.test(segment)) continue;
    node = node.fields.get(segment);
    if (node === undefined) return NO_IDS;
  }
  return node;
}

function encodeValue(value: unknown, node: IdTree): unknown {
  if (typeof value === 'string') return node.isId && isHexId(value) ? ObjectId.createFromHexString(value) : value;
  if (node === NO_IDS) return value;
  if (Array.isArray(value)) return value.map(element => encodeValue(element, node));
  if (!isPlainObject(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [field, child] of node.fields) {
    if (!Object.hasOwn(value, field)) continue;
    const encoded = encodeValue(value[field], child);
    if (encoded !== value[field]) (copy ??= { ...value })[field] = encoded;
  }
  return copy ?? value;
}

/** A query: conditions on fields, operators on the value itself (inside `$elemMatch`), and their combinations. */
function encodeQuery(query: Fields, node: IdTree): Fields {
  return mapFields(query, (key, value) => {
    if (value === undefined) throw new InvalidOperationError(`The filter has undefined for ${key}.`);
    if (!key.startsWith('$')) return encodeCondition(value, descend(node, key));
    return encodeOperator(key, value, node);
  });
}

function encodeOperator(operator: string, operand: unknown, node: IdTree): unknown {
  switch (operator) {
    case '$and':
    case '$or':
    case '$nor':
      return (operand as Fields[]).map(branch => encodeQuery(branch, node));
    case '$not':
      return encodeCondition(operand, node);
    case '$elemMatch':
      return encodeQuery(operand as Fields, node);
    case '$in':
    case '$nin':
    case '$all':
      if ((operand as unknown[]).includes(undefined)) {
        throw new InvalidOperationError(`The filter has undefined among the values of ${operator}.`);
      }
      return encodeValue(operand, node);
    default:
      return encodeValue(operand, node);
  }
}

function encodeCondition(value: unknown, node: IdTree): unknown {
  return hasOperators(value) ? encodeQuery(value, node) : encodeValue(value, node);
}

function encodeOperand(operator: string, value: unknown, node: IdTree): unknown {
  // What `$pull` takes is a condition on the elements; the operands of `$push` and `$addToSet` may come as `$each`.
  if (operator === '$pull' && isPlainObject(value)) return encodeQuery(value, node);
  if (hasOperators(value) && Object.hasOwn(value, '$each'))
    return { ...value, $each: encodeValue(value['$each'], node) };
  return encodeValue(value, node);
}

function decode(value: unknown, node: IdTree): unknown {
  if (node === NO_IDS || value === null || typeof value !== 'object') return value;
  if (value instanceof ObjectId) return node.isId ? value.toHexString() : value;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) value[at] = decode(value[at], node);
    return value;
  }
  const document = value as Record<string, unknown>;
  for (const [field, child] of node.fields) {
    if (Object.hasOwn(document, field)) document[field] = decode(document[field], child);
  }
  return document;
}

function mapFields(fields: Fields, map: (field: string, value: unknown) => unknown): Fields {
  const mapped: Record<string, unknown> = {};
  for (const field of Object.keys(fields)) mapped[field] = map(field, fields[field]);
  return mapped;
}

const isHexId = (text: string): boolean => text.length === 24 && /^[0-9a-f]{24}$/.test(text);

function isPlainObject(value: unknown): value is Fields {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Whether a value is a set of operators (`{ $gt: 1 }`), not a value to be equal to. */
function hasOperators(value: unknown): value is Fields {
  if (!isPlainObject(value)) return false;
  for (const key in value) return key.startsWith('$');
  return false;
}
