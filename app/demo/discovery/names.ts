/** What the invented artists of the stand-in are called: each first part with each second part. */
const firstParts = [
  'Amber',
  'Arctic',
  'Broken',
  'Cobalt',
  'Distant',
  'Electric',
  'Feral',
  'Golden',
  'Hollow',
  'Iron',
  'Lunar',
  'Midnight',
  'Paper',
  'Quiet',
  'Scarlet',
  'Velvet',
] as const;
const secondParts = [
  'Arcade',
  'Bloom',
  'Canyon',
  'Choir',
  'Comet',
  'Engines',
  'Gardens',
  'Harbour',
  'Lanterns',
  'Meridian',
  'Orchard',
  'Satellites',
  'Tides',
  'Wolves',
] as const;
/** The kinds of music that they play. */
export const genres = [
  'Rock',
  'Pop',
  'Alternative',
  'Folk',
  'Hip-Hop/Rap',
  'Dance/Electronic',
  'Country',
  'R&B',
  'Jazz',
] as const;
/** What the invented venues of a city are called, after its name. */
export const venueKinds = ['Music Hall', 'Civic Arena', 'Amphitheatre', 'Ballroom'] as const;

/** The names of the invented artists, always the same. */
export const artistNames: readonly string[] = firstParts.flatMap(first =>
  secondParts.map(second => `${first} ${second}`),
);
