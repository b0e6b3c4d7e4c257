import { UsageError } from './command.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a span of time (`500ms`, `30s`, `15m`, `12h`, `7d`) and gives it in milliseconds. Throws `UsageError`. */
export function parseDuration(option: string, text: string): number {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(amount) * (units[unit] ?? NaN);
  if (!(ms > 0)) throw new UsageError(`${option} must be a span of time, for example 30s, 15m or 12h, not '${text}'.`);
  return ms;
}

/** Reads a whole number above zero. Throws `UsageError`. */
export function parseCount(option: string, text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new UsageError(`${option} must be a whole number above zero, not '${text}'.`);
  return count;
}
