/** How many members the state has that updates replace. */
const MEMBERS = 50;
const NOTE = 'Doors open at seven.';

/** The n-th update: about 80 bytes of a merge patch that replaces one of fifty members, with the time in it. */
export const formatPatch = (number: number, sentAt: number): string =>
  `{"member${number % MEMBERS}":{"value":${number},"sentAt":${sentAt.toFixed(2)},"note":"${NOTE}"}}`;

/** The n-th update where a large one is wanted: so many bytes, none as they were, in a member of their own and without the time. */
export const formatLargePatch = (number: number, sizeBytes: number): string =>
  `{"large":"${String(number).padEnd(sizeBytes, 'x')}"}`;

/** The fifty members as a peer holds them at the start. */
export const createMembers = (): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: MEMBERS }, (_none, at) => [`member${at}`, { value: at, sentAt: 0, note: NOTE }]),
  );
