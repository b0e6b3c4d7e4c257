const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const MAX_HOST_LENGTH = 253;
const OBJECT_ID = /^[0-9a-f]{24}$/i;

/**
 * Formats besides those of ajv-formats, by name. Its own `date-time` takes a space for the `T` and dates that
 * JavaScript cannot read.
 */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  host: isHost,
  'object-id': text => OBJECT_ID.test(text),
  'time-zone': isTimeZone,
  locale: isLocale,
};

/** An instant: RFC 3339 with `T` and an offset, on a day that the calendar has. */
function isDateTime(text: string): boolean {
  const day = DATE_TIME.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // Date.parse rolls 30 February over into March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** A host name, or a single label of one. */
function isHost(text: string): boolean {
  return text.length <= MAX_HOST_LENGTH && text.split('.').every(label => LABEL.test(label));
}

/** A name of the IANA time zone database. */
function isTimeZone(text: string): boolean {
  if (text.length > 64 || /^[+-]/.test(text)) return false;
  return succeeds(() => new Intl.DateTimeFormat('en', { timeZone: text }));
}

/** A BCP 47 language tag. */
function isLocale(text: string): boolean {
  return text.length > 0 && text.length <= 35 && succeeds(() => Intl.getCanonicalLocales(text));
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
