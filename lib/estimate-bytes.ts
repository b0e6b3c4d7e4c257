/** Estimates how much memory a JSON-like value takes, in bytes: strings by their length, all else by a fixed cost. */
export function estimateBytes(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Date) return 32;
  let sum = 32;
  if (Array.isArray(value)) {
    for (const item of value) sum += estimateBytes(item);
  } else {
    for (const key in value) sum += 16 + key.length + estimateBytes((value as Record<string, unknown>)[key]);
  }
  return sum;
}
