import { type CampaignState } from '../../datastore/state-fold.ts';

/**
 * How many bytes a value takes as JSON text, each member counted with a comma of its own: so the size of a whole is the sum
 * of its parts, and what a patch adds is found by looking at the patch alone.
 */
export function measureJson(value: unknown): number {
  if (typeof value === 'string') return measureText(value);
  if (typeof value !== 'object' || value === null) return String(value).length;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) bytes += measureJson(item) + 1;
  } else {
    for (const key in value) bytes += measureMember(key, (value as CampaignState)[key]);
  }
  return bytes;
}

/** By how many bytes a patch makes a state longer. The patch must be the difference of two states, as `createMergePatch` gives it. */
export function measureGrowth(before: unknown, patch: CampaignState): number {
  const old = isObject(before) ? before : {};
  let bytes = 0;
  for (const key in patch) {
    const value = patch[key];
    const current = Object.hasOwn(old, key) ? old[key] : undefined;
    if (value !== null && isObject(value) && isObject(current)) bytes += measureGrowth(current, value);
    else {
      if (current !== undefined) bytes -= measureMember(key, current);
      if (value !== null) bytes += measureMember(key, value);
    }
  }
  return bytes;
}

/** So long texts are looked at here; longer ones the engine looks at faster. */
const SHORT = 64;

function measureText(text: string): number {
  if (text.length > SHORT) return Buffer.byteLength(JSON.stringify(text));
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Beyond ASCII, or escaped: control characters, the quote and the backslash.
    if (code < 32 || code > 126 || code === 34 || code === 92) return Buffer.byteLength(JSON.stringify(text));
  }
  return text.length + 2;
}

function measureMember(key: string, value: unknown): number {
  return measureJson(key) + measureJson(value) + 2;
}

function isObject(value: unknown): value is CampaignState {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
