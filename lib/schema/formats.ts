const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Formats besides those of ajv-formats, by name. Its own `date-time` takes a space for the `T` and dates that
 * JavaScript cannot read.
 */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  'time-zone': isTimeZone,
};

/** An instant: RFC 3339 with `T` and an offset, on a day that the calendar has. */
function isDateTime(text: string): boolean {
  const day = DATE_TIME.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // Date.parse rolls 30 February over into March; every month has 28 days.
  return Number(day.slice(8)) <= 28 || new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** The names that were asked for and are right: to ask Intl costs more than everything else about a document. */
const MAX_KNOWN_TIME_ZONES = 1000;
const knownTimeZones = new Set<string>();

/** A name of the IANA time zone database. */
function isTimeZone(text: string): boolean {
  if (knownTimeZones.has(text)) return true;
  if (text.length > 64 || /^[+-]/.test(text)) return false;
  const isKnown = succeeds(() => new Intl.DateTimeFormat('en', { timeZone: text }));
  // There are some six hundred, but each is right in any mixture of cases.
  if (isKnown && knownTimeZones.size < MAX_KNOWN_TIME_ZONES) knownTimeZones.add(text);
  return isKnown;
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
