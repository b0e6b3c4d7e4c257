import { type ErrorObject } from 'ajv';
import { type ErrorDetail } from '../errors.ts';
import { appendPointer } from '../json-pointer.ts';

/** Faults of Ajv as sentences, each with the JSON pointer of what is wrong. */
export function formatFaults(errors: readonly ErrorObject[], unknown = 'is not a known field'): ErrorDetail[] {
  return errors.filter(isTelling).map(error => formatFault(error, unknown));
}

/**
 * Whether a fault is not told by another one. "if" says only that "then" or "else" failed; what is wrong with a name
 * comes once by its own rule and once as the name.
 */
function isTelling({ keyword, propertyName }: ErrorObject): boolean {
  return keyword !== 'if' && (propertyName === undefined || keyword === 'propertyNames');
}

function formatFault({ keyword, instancePath, params, message }: ErrorObject, unknown: string): ErrorDetail {
  const names = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return { path: appendPointer(instancePath, String(names['missingProperty'])), message: 'is required' };
    case 'dependentRequired':
      return {
        path: appendPointer(instancePath, String(names['missingProperty'])),
        message: `is required beside ${String(names['property'])}`,
      };
    case 'additionalProperties':
      return { path: appendPointer(instancePath, String(names['additionalProperty'])), message: unknown };
    case 'unevaluatedProperties':
      return { path: appendPointer(instancePath, String(names['unevaluatedProperty'])), message: unknown };
    case 'propertyNames':
      return { path: appendPointer(instancePath, String(names['propertyName'])), message: 'is not an allowed name' };
    case 'enum':
      return { path: instancePath, message: `must be one of: ${(names['allowedValues'] as unknown[]).join(', ')}` };
    case 'const':
      return { path: instancePath, message: `must be ${JSON.stringify(names['allowedValue'])}` };
    case 'type':
      return { path: instancePath, message: `must be ${[names['type']].flat().map(withArticle).join(' or ')}` };
    case 'format':
      return { path: instancePath, message: formatMessages[String(names['format'])] ?? 'has the wrong format' };
    case 'pattern':
      return { path: instancePath, message: 'has the wrong form' };
    case 'minLength':
      return { path: instancePath, message: `must have at least ${count(names['limit'], 'character')}` };
    case 'maxLength':
      return { path: instancePath, message: `must have at most ${count(names['limit'], 'character')}` };
    case 'minItems':
      return { path: instancePath, message: `must have at least ${count(names['limit'], 'item')}` };
    case 'maxItems':
      return { path: instancePath, message: `must have at most ${count(names['limit'], 'item')}` };
    case 'uniqueItems':
      return { path: instancePath, message: 'must not repeat an item' };
    case 'minProperties':
      return { path: instancePath, message: 'must not be empty' };
    case 'minimum':
      return { path: instancePath, message: `must be at least ${String(names['limit'])}` };
    case 'maximum':
      return { path: instancePath, message: `must be at most ${String(names['limit'])}` };
    default:
      return { path: instancePath, message: message ?? 'is not valid' };
  }
}

const formatMessages: Readonly<Record<string, string>> = {
  'date-time': 'must be an instant such as 2026-01-15T12:00:00Z',
  date: 'must be a date such as 2026-01-15',
  uri: 'must be an absolute URL',
  email: 'must be an e-mail address',
  uuid: 'must be a UUID',
  'time-zone': 'must be an IANA time zone such as Europe/Berlin',
};

function withArticle(type: unknown): string {
  const name = String(type);
  if (name === 'null') return 'null';
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function count(limit: unknown, noun: string): string {
  return `${String(limit)} ${noun}${limit === 1 ? '' : 's'}`;
}
