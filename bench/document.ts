/** How many campaigns the servers of the update benchmark hold; their numbers are 1 to this. */
export const campaignCount = 1_000;

/** The id of the campaign with this number: 24 hexadecimal digits, made the same way by `wrk/update.lua`. */
export const campaignId = (number: number): string => number.toString(16).padStart(24, '0');

/** The campaign that every candidate answers with: 2 KB as JSON, with the fields that the API shows. */
export const campaignDocument = (number: number) => ({
  _id: campaignId(number),
  type: 'registration',
  schema: { version: 2 },
  status: 'OPEN',
  statusHistory: [
    { status: 'DRAFT', date: '2026-01-05T09:12:44.120Z', by: 'u_4f1c2a' },
    { status: 'PREVIEW', date: '2026-01-12T15:01:03.004Z', by: 'u_4f1c2a' },
    { status: 'OPEN', date: '2026-01-15T10:00:00.917Z', by: 'system' },
  ],
  name: `Northern Lights Tour ${number}`,
  identifier: `northern-lights-tour-${number}`,
  artist: { id: 'K8vZ9171ob7', name: 'The Paper Lanterns', discoveryId: 'K8vZ9171ob7' },
  tour: { name: 'Northern Lights' },
  domain: { site: `lanterns-${number}.presale.example` },
  date: {
    created: '2026-01-05T09:12:44.120Z',
    updated: '2026-01-15T10:00:00.917Z',
    open: '2026-01-15T10:00:00.000Z',
    opened: '2026-01-15T10:00:00.917Z',
    close: '2099-02-01T22:00:00.000Z',
    presaleWindowStart: '2099-02-10T10:00:00.000Z',
    presaleWindowEnd: '2099-02-12T22:00:00.000Z',
  },
  referenceTimezone: 'America/Toronto',
  locales: [
    { id: 'en', isDefault: true },
    { id: 'fr-CA', isDefault: false },
  ],
  content: {
    en: {
      landing: {
        title: 'Register for the presale',
        subtitle: 'The Paper Lanterns play fourteen cities this spring.',
        buttonLabel: 'Register',
      },
      confirmation: { title: 'You are in', shareText: 'I registered for the Northern Lights presale.' },
    },
    'fr-CA': {
      landing: {
        title: 'Inscription à la prévente',
        subtitle: 'The Paper Lanterns, quatorze villes ce printemps.',
        buttonLabel: "S'inscrire",
      },
    },
  },
  style: { primaryColor: '#0b3d91', secondaryColor: '#f2c14e', fontFamily: 'Inter' },
  image: {
    hero: 'https://images.example/lanterns/hero.jpg',
    logo: 'https://images.example/lanterns/logo.svg',
    background: 'https://images.example/lanterns/sky.jpg',
  },
  share: {
    title: 'Northern Lights presale',
    text: 'Fourteen cities, one spring: come along.',
    networks: ['x', 'facebook'],
  },
  options: { useGenericBranding: false, showAccessCode: true, automatedReminders: true, attendance: false },
  eventIds: ['1AvZZbGGkWtp7Ye', '1AvZZbGGkW1xMzP'],
  categoryId: 'presale-standard',
  version: 7,
  audit: { createdBy: 'u_4f1c2a', updatedBy: 'system' },
});

/** A campaign of this benchmark. */
export type CampaignDocument = ReturnType<typeof campaignDocument>;
