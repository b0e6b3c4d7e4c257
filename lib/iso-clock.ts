/** Gives the current instant as ISO 8601 in UTC, formatted at most once per millisecond. */
export function createIsoClock(now: () => number = Date.now): () => string {
  let formattedAtMs = Number.NaN;
  let formatted = '';
  return () => {
    const nowMs = now();
    if (nowMs !== formattedAtMs) {
      formattedAtMs = nowMs;
      formatted = new Date(nowMs).toISOString();
    }
    return formatted;
  };
}
