import { randomBytes } from 'node:crypto';
import { type Filter, InvalidOperationError } from '../collection.ts';
import { isOperators } from './filter-syntax.ts';
import { splitPath } from './paths.ts';
import { type CompiledUpdate } from './update.ts';
import { changeAt } from './update-path.ts';
import { type Document, type Fields, isFields, isList, storableCopy } from './values.ts';

/** The document that an upsert makes: the equalities of the filter, then the update. A missing `_id` is made: 24 hex digits. */
export function upsertedDocument(filter: Filter, update: CompiledUpdate): Document {
  const asked = withEqualities({}, filter);
  const made = update.applyToNew(asked);
  if (asked['_id'] !== undefined && made['_id'] !== asked['_id']) {
    throw new InvalidOperationError('The _id of a document cannot be changed.');
  }
  const { _id = randomBytes(12).toString('hex'), ...fields } = made;
  if (typeof _id !== 'string') throw new InvalidOperationError('An _id is a string.');
  return Object.freeze({ _id, ...fields });
}

function withEqualities(document: Fields, filter: Fields): Fields {
  let changed = document;
  for (const [field, operand] of Object.entries(filter)) {
    if (field === '$and' && isList(operand)) {
      changed = operand.filter(isFields).reduce(withEqualities, changed);
    } else if (!field.startsWith('$') && !(operand instanceof RegExp)) {
      const value = isOperators(operand) ? operand['$eq'] : operand;
      if (value !== undefined) changed = changeAt(changed, splitPath(field), () => storableCopy(value));
    }
  }
  return changed;
}
