import { InvalidOperationError, type Update } from '../collection.ts';
import { splitPath } from './paths.ts';
import { UPDATE_OPERATORS } from './update-operators.ts';
import { changeAt, type Change } from './update-path.ts';
import { type Document, type Fields, isFields, isSameValue, storableCopy } from './values.ts';

/** Gives the updated document: the very same when nothing changed. */
export type Updater = (document: Document) => Document;

/** What an update does to a document that is there, and to one that an upsert makes. */
export interface CompiledUpdate {
  readonly apply: Updater;
  readonly applyToNew: (document: Fields) => Fields;
}

interface Operation {
  readonly field: string;
  readonly path: readonly string[];
  readonly change: Change;
}

/**
 * Compiles an update. Whole top-level fields of `$set` and `$unset`, which is nearly every write of the service, go a
 * short way. Throws `InvalidOperationError` for unknown operators, ill-formed operands, and two changes of one field;
 * applying it throws the same where the document does not fit.
 */
export function compileUpdate(update: Update): CompiledUpdate {
  const whole = compileWholeFields(update);
  return whole === undefined ? compileOperators(update) : { apply: keepingId(whole), applyToNew: whole };
}

function compileOperators(update: Update): CompiledUpdate {
  const operators = Object.entries(update).map(
    ([operator, operand]) => [operator, present(operator, operand)] as const,
  );
  assertNoConflict(operators.flatMap(([operator, fields]) => touchedFields(operator, fields)));
  const operations = operationsOf(operators.filter(([operator]) => operator !== '$setOnInsert'));
  const onInsert = operationsOf(
    operators.filter(([operator]) => operator === '$setOnInsert').map(([, fields]) => ['$set', fields] as const),
  );
  const apply = (fields: Fields): Fields => applyAll(fields, operations);
  return { apply: keepingId(apply), applyToNew: fields => applyAll(apply(fields), onInsert) };
}

function keepingId(apply: (fields: Fields) => Fields): Updater {
  return document => {
    const updated = apply(document);
    if (updated['_id'] !== document._id) throw new InvalidOperationError('The _id of a document cannot be changed.');
    return updated as Document;
  };
}

function present(operator: string, operand: unknown): Fields {
  if (!(operator in UPDATE_OPERATORS) && operator !== '$setOnInsert' && operator !== '$rename') {
    throw new InvalidOperationError(`The update operator ${operator} is not known.`);
  }
  if (!isFields(operand)) throw new InvalidOperationError(`${operator} takes an object.`);
  return Object.fromEntries(Object.entries(operand).filter(([, value]) => value !== undefined));
}

function touchedFields(operator: string, fields: Fields): string[] {
  const names = Object.keys(fields);
  for (const name of names) {
    if (/(^|\.)(\$.*)?(\.|$)/.test(name) || /(^|\.)__proto__(\.|$)/.test(name)) {
      throw new InvalidOperationError(`An update cannot name the field ${name}.`);
    }
  }
  return operator === '$rename' ? [...names, ...Object.values(fields).map(String)] : names;
}

function assertNoConflict(fields: readonly string[]): void {
  const seen = new Set(fields);
  const conflict =
    seen.size < fields.length ||
    fields.some(field => {
      for (let at = field.indexOf('.'); at !== -1; at = field.indexOf('.', at + 1))
        if (seen.has(field.slice(0, at))) return true;
      return false;
    });
  if (conflict) throw new InvalidOperationError('An update changes a field twice.');
}

function operationsOf(operators: readonly (readonly [string, Fields])[]): Operation[] {
  return operators.flatMap(([operator, fields]) =>
    Object.entries(fields).flatMap(([field, operand]) =>
      operator === '$rename' ? renaming(field, operand) : (operation(operator, field, operand) ?? []),
    ),
  );
}

function operation(operator: string, field: string, operand: unknown): Operation | undefined {
  const make = UPDATE_OPERATORS[operator];
  return make && { field, path: splitPath(field), change: make(operand, field) };
}

function renaming(field: string, target: unknown): Operation[] {
  if (typeof target !== 'string') throw new InvalidOperationError('$rename takes the new name.');
  let value: unknown;
  return [
    { field, path: splitPath(field), change: before => void (value = before) },
    { field: target, path: splitPath(target), change: before => (value === undefined ? before : value) },
  ];
}

function applyAll(fields: Fields, operations: readonly Operation[]): Fields {
  return operations.reduce((changed, { path, change }) => changeAt(changed, path, change), fields);
}

/**
 * The short way: one copy for all fields. Undefined when the update does more than `$set` and `$unset` of whole fields, or
 * is not one to be carried out at all.
 */
function compileWholeFields({ $set = {}, $unset = {}, ...others }: Update): ((fields: Fields) => Fields) | undefined {
  if (Object.keys(others).length > 0 || !isFields($set) || !isFields($unset)) return undefined;
  const set: Record<string, unknown> = {};
  for (const field of Object.keys($set)) {
    if (!isWholeField(field)) return undefined;
    if ($set[field] !== undefined) set[field] = storableCopy($set[field]);
  }
  const names = Object.keys(set);
  const unset = Object.keys($unset);
  if (!unset.every(field => isWholeField(field) && $unset[field] !== undefined && set[field] === undefined))
    return undefined;
  return fields => {
    const isGone = unset.some(field => Object.hasOwn(fields, field));
    if (!isGone && names.every(field => isSameValue(fields[field], set[field]))) return fields;
    const copy = isGone ? without(fields, unset) : { ...fields };
    for (const field of names) if (!isSameValue(fields[field], set[field])) copy[field] = set[field];
    return Object.freeze(copy);
  };
}

function isWholeField(field: string): boolean {
  return field !== '' && !field.startsWith('$') && !field.includes('.') && field !== '__proto__';
}

// Copied rather than deleted from: `delete` would turn the object into a slow dictionary.
function without(fields: Fields, names: readonly string[]): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) if (!names.includes(name)) copy[name] = fields[name];
  return copy;
}
