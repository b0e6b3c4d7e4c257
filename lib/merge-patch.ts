const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Applies a JSON merge patch (RFC 7396): `null` removes, objects merge, everything else replaces. Neither argument is
 * changed; parts that the patch leaves alone are shared with the target. Keys that reach a prototype are left out.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (forbidden.has(key)) continue;
    if (value === null) delete merged[key];
    else
      merged[key] = isObject(value)
        ? applyMergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value)
        : value;
  }
  return merged;
}

/**
 * Makes the merge patch that turns `before` into `after`. Values that are no plain objects (arrays, dates) are compared
 * as wholes. A null member of `after` cannot be told from a removal, as RFC 7396 says.
 */
export function createMergePatch(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (selectOwn(after, key) === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = selectOwn(before, key);
    if (old === value || value === undefined) continue;
    if (isObject(old) && isObject(value)) {
      const inner = createMergePatch(old, value) as Record<string, unknown>;
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isSameJson(old, value)) {
      patch[key] = value;
    }
  }
  return patch;
}

/**
 * Leaves of a merge patch what it changes: gives what `createMergePatch` gives for the target before and after the patch,
 * by looking at the patch alone, however large the target is.
 */
export function reduceMergePatch(target: unknown, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const reduced: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(patch)) {
    if (forbidden.has(key)) continue;
    const old = isObject(target) ? selectOwn(target, key) : undefined;
    if (value === null) {
      if (old !== undefined) reduced[key] = null;
    } else if (isObject(value) && isObject(old)) {
      const inner = reduceMergePatch(old, value);
      if (Object.keys(inner).length > 0) reduced[key] = inner;
    } else if (!isSameJson(old, value)) {
      reduced[key] = applyMergePatch(undefined, value);
    }
  }
  return reduced;
}

/** A member of the object itself: a document may have one that is called `toString`. */
function selectOwn(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Says whether two values are the same JSON: the order of an object's members means nothing. Dates are compared by time. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => isSameJson(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
  );
}
