/** A short, bounded name of what was thrown, fit for spans and metrics: the error's own type or class, never its message. */
export function toErrorName(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  const { type } = thrown as { type?: unknown };
  return typeof type === 'string' ? type : thrown.name;
}
