const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long before it begins a presale counts as upcoming at the latest (see `GET /markets/upcoming`). */
const UPCOMING_FROM_MS = 2 * HOUR_MS;

/**
 * A moment seen from the day on which the demo is made: an hour of the clock so many days away, the next time that the
 * clock shows an hour (two hours from now at the earliest), or so many minutes from now.
 */
export type Moment =
  { readonly day: number; readonly hour: number } | { readonly upcoming: number } | { readonly minutes: number };

/**
 * Gives the instant of a moment: days are counted on the calendar of a time zone, hours are shown by the clocks of one,
 * which is the same unless told.
 */
export function resolveMoment(moment: Moment, now: Date, calendar: string, clocks = calendar): Date {
  if ('minutes' in moment) return new Date(now.getTime() + moment.minutes * MINUTE_MS);
  if ('day' in moment) return selectLocalInstant(selectMidnightMs(now, calendar), moment.day, moment.hour, clocks);
  const earliest = now.getTime() + UPCOMING_FROM_MS;
  const today = selectMidnightMs(now, clocks);
  const candidates = [0, 1, 2].map(day => selectLocalInstant(today, day, moment.upcoming, clocks));
  return candidates.find(candidate => candidate.getTime() > earliest) ?? new Date(earliest);
}

/** Gives the beginning of the day that a calendar shows, as if it were the day's beginning in UTC. */
function selectMidnightMs(now: Date, timeZone: string): number {
  return Math.floor((now.getTime() + selectOffsetMs(now, timeZone)) / DAY_MS) * DAY_MS;
}

/** Gives the instant at which clocks in a time zone show an hour, `days` after a day. */
function selectLocalInstant(midnightMs: number, days: number, hour: number, timeZone: string): Date {
  const wanted = midnightMs + days * DAY_MS + hour * HOUR_MS;
  // The offset of the wanted instant, not today's: summer time may begin or end in between.
  const about = new Date(wanted - selectOffsetMs(new Date(wanted), timeZone));
  return new Date(wanted - selectOffsetMs(about, timeZone));
}

/** By time zone: a format takes longer to make than all that is done with it. */
const offsetFormats = new Map<string, Intl.DateTimeFormat>();

function selectOffsetFormat(timeZone: string): Intl.DateTimeFormat {
  const known = offsetFormats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  offsetFormats.set(timeZone, format);
  return format;
}

/** Gives how far clocks in a time zone are ahead of UTC at an instant, in milliseconds. */
function selectOffsetMs(at: Date, timeZone: string): number {
  const parts = selectOffsetFormat(timeZone).formatToParts(at);
  const name = parts.find(part => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /^GMT([+-])(\d{2}):(\d{2})$/.exec(name) ?? [];
  const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
  return sign === '-' ? -offset : offset;
}
