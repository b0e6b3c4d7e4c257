import { hash } from 'node:crypto';
import { PayloadTooLargeError, ValidationError } from '../../../lib/errors.ts';
import { throwIfUnsafeJson } from '../../../lib/json-guard.ts';
import { applyMergePatch, createMergePatch } from '../../../lib/merge-patch.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import {
  type ConfigSection,
  configSections,
  serverSections,
  stateBatch,
  stateOperationSteps,
  stateRollback,
  stateSections,
} from '../../../schemas/campaign-state.ts';
import { type CampaignState } from '../../datastore/state-fold.ts';

/** An operation that a batch may hold. */
export type StateStep =
  | { readonly kind: 'update'; readonly updates: CampaignState }
  | { readonly kind: 'feature'; readonly action: 'add' | 'remove' | 'set'; readonly features: readonly string[] }
  | { readonly kind: 'config'; readonly configType: ConfigSection; readonly config: CampaignState };

/** What can be done to a live state. */
export type StateOperation =
  | StateStep
  | { readonly kind: 'batch'; readonly operations: readonly StateStep[] }
  | { readonly kind: 'rollback'; readonly toVersion: number };

/** The largest request, in bytes of JSON. */
export const MAX_PATCH_BYTES = 64 * 1024;
/** The largest state, in bytes of JSON. */
export const MAX_STATE_BYTES = 256 * 1024;

/**
 * How deep an operation may be: a state may have 32 levels, and the operation is one more. What it configures is one level
 * of the state already. A batch has a list and its steps between.
 */
const MAX_DEPTH = { update: 33, config: 32, other: 40 } as const;

/** Gives the merge patch that carries an operation out on a state. Throws what refuses the operation there. */
export type SelectPatch = (before: CampaignState) => CampaignState;

const validators: Readonly<Record<StateOperation['kind'], Validator<unknown>>> = {
  update: createValidator(stateOperationSteps.update),
  feature: createValidator(stateOperationSteps.feature),
  config: createValidator(stateOperationSteps.config),
  batch: createValidator(stateBatch),
  rollback: createValidator(stateRollback),
};
const sections: Validator<unknown> = createValidator(stateSections);
/** The members whose form is checked. */
const formed = ['features', ...configSections, 'variants'] as const;

/**
 * Checks an operation as it came from outside, and gives a copy that nobody else can alter, of plain JSON. Throws
 * `ValidationError` and `PayloadTooLargeError`.
 */
export function readOperation(input: unknown): StateOperation {
  const given: unknown = (input as { kind?: unknown } | null | undefined)?.kind;
  throwIfUnsafeJson(input, { maxDepth: given === 'update' || given === 'config' ? MAX_DEPTH[given] : MAX_DEPTH.other });
  const text = JSON.stringify(input) as string | undefined;
  if (text === undefined) throw new ValidationError([{ path: '', message: 'must be an object' }]);
  if (Buffer.byteLength(text) > MAX_PATCH_BYTES) {
    throw new PayloadTooLargeError(`An update of the state may have ${MAX_PATCH_BYTES} bytes.`);
  }
  const operation = JSON.parse(text) as StateOperation;
  throwIfMalformed(operation, '');
  if (operation.kind === 'batch') {
    for (const [at, step] of operation.operations.entries()) {
      const kind = (step as { kind?: unknown }).kind;
      if (kind === 'batch' || kind === 'rollback') {
        throw new ValidationError([{ path: `/operations/${at}/kind`, message: 'cannot be part of a batch' }]);
      }
      throwIfMalformed(step, `/operations/${at}`);
      if (kind === 'update' || kind === 'config') throwIfTooDeep(step, `/operations/${at}`, MAX_DEPTH[kind]);
    }
  }
  return operation;
}

function throwIfTooDeep(step: StateStep, path: string, maxDepth: number): void {
  try {
    throwIfUnsafeJson(step, { maxDepth });
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError((error.details ?? []).map(fault => ({ ...fault, path: path + (fault.path ?? '') })));
  }
}

function throwIfMalformed(operation: StateOperation, path: string): void {
  const kind: unknown = (operation as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(validators, kind)) {
    throw new ValidationError([{ path: `${path}/kind`, message: 'must be one of the operations' }]);
  }
  const faults = validators[operation.kind].selectFaults(operation);
  if (faults.length > 0) {
    throw new ValidationError(faults.map(fault => ({ ...fault, path: path + (fault.path ?? '') })));
  }
}

/** The identity of a request's body: the order of an object's members means nothing. */
export function hashBody(operation: unknown, expectedVersion: number | undefined): string {
  return hash('sha256', `${expectedVersion ?? ''} ${encodeInOrder(operation)}`, 'base64url').slice(0, 22);
}

function encodeInOrder(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(encodeInOrder).join(',')}]`;
  let members = '';
  const keys = Object.keys(value);
  for (const key of keys.length > 1 ? keys.sort() : keys) {
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${encodeInOrder((value as CampaignState)[key])}`;
  }
  return `{${members}}`;
}

/** Gives what carries an operation out. `target` is the old state of a rollback. */
export function selectOperationPatch(operation: StateOperation, target: CampaignState = {}): SelectPatch {
  return before => {
    const patch = selectPatch(operation, before, target);
    throwIfIllFormed(before, patch);
    return patch;
  };
}

function selectPatch(operation: StateOperation, before: CampaignState, target: CampaignState): CampaignState {
  switch (operation.kind) {
    case 'batch': {
      // Patches that are merged with each other make wrong documents: only the difference at the end counts.
      const apply = (state: CampaignState, step: StateStep) =>
        applyMergePatch(state, selectStepPatch(step, state)) as CampaignState;
      return createMergePatch(before, operation.operations.reduce(apply, before)) as CampaignState;
    }
    case 'rollback':
      return createMergePatch(before, restore(before, target)) as CampaignState;
    case 'update':
    case 'feature':
    case 'config':
      return selectStepPatch(operation, before);
  }
}

function selectStepPatch(step: StateStep, before: CampaignState): CampaignState {
  switch (step.kind) {
    case 'update':
      return step.updates;
    case 'config':
      return { [step.configType]: step.config };
    case 'feature':
      return { features: applyFeatures(before['features'], step.action, step.features) };
  }
}

function applyFeatures(
  current: unknown,
  action: 'add' | 'remove' | 'set',
  features: readonly string[],
): readonly string[] {
  const present = Array.isArray(current) ? (current as string[]) : [];
  if (action === 'remove') return present.filter(feature => !features.includes(feature));
  return [...new Set(action === 'set' ? features : [...present, ...features])];
}

/** The old content, and the service's own sections as they are: they say what is, not what was. */
function restore(current: CampaignState, target: CampaignState): CampaignState {
  const restored: Record<string, unknown> = { ...target };
  for (const section of serverSections) {
    delete restored[section];
    if (current[section] !== undefined) restored[section] = current[section];
  }
  return restored;
}

/** Checks the form that a patch gives to those members of a state that have one. Throws `ValidationError`. */
export function throwIfIllFormed(before: CampaignState, patch: CampaignState): void {
  const touched = formed.filter(section => Object.hasOwn(patch, section) && patch[section] !== null);
  if (touched.length === 0) return;
  const after = Object.fromEntries(touched.map(section => [section, applyMergePatch(before[section], patch[section])]));
  sections.throwIfInvalid(after);
  if (touched.includes('variants')) {
    throwIfOverlayReaches(after['variants'] as Record<string, { overlay?: CampaignState }>);
  }
}

/** What the service says of a campaign is the same for all, and a variant has no variants. */
function throwIfOverlayReaches(variants: Readonly<Record<string, { readonly overlay?: CampaignState }>>): void {
  for (const [key, { overlay = {} }] of Object.entries(variants)) {
    const reached = [...serverSections, 'variants'].find(section => Object.hasOwn(overlay, section));
    if (reached !== undefined) {
      throw new ValidationError([{ path: `/variants/${key}/overlay/${reached}`, message: 'cannot be overlaid' }]);
    }
  }
}
