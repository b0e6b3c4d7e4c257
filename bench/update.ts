/** What `wrk/update.lua` replaces, so that no two updates are alike. */
export const noncePlaceholder = '@nonce@';

/** An update of about 1 KB: whole top-level fields of a campaign, as a merge patch. */
export const campaignUpdate = {
  artist: {
    id: 'K8vZ9171ob7',
    name: 'The Paper Lanterns',
    discoveryId: 'K8vZ9171ob7',
    imageUrl: 'https://images.example/lanterns/portrait.jpg',
  },
  tour: { name: `Northern Lights ${noncePlaceholder}` },
  style: {
    primaryColor: '#0b3d91',
    secondaryColor: '#f2c14e',
    backgroundColor: '#ffffff',
    textColor: '#1c1c1c',
    fontFamily: 'Inter, Helvetica, Arial, sans-serif',
  },
  image: {
    hero: 'https://images.example/lanterns/hero-2026.jpg',
    mobileHero: 'https://images.example/lanterns/hero-2026-mobile.jpg',
    logo: 'https://images.example/lanterns/logo.svg',
  },
  share: {
    title: 'Northern Lights presale',
    text: 'I registered for the Northern Lights presale. Fourteen cities, one spring: come along.',
    networks: ['x', 'facebook', 'whatsapp'],
  },
  preferences: [
    {
      id: 'city',
      type: 'choice',
      required: true,
      labels: { en: 'Which city will you travel to?' },
      choices: [
        { id: 'toronto', labels: { en: 'Toronto' } },
        { id: 'montreal', labels: { en: 'Montreal' } },
      ],
    },
  ],
  options: { useGenericBranding: false, showAccessCode: true, automatedReminders: true, attendance: false },
};

const text = (maxLength: number) => ({ type: 'string', maxLength }) as const;
const label = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength, pattern: '\\S' }) as const;
const httpUrl = { type: 'string', maxLength: 2048, pattern: '^https?://[^\\s<>"]+$' } as const;
const color = { type: 'string', pattern: '^#[0-9A-Fa-f]{6}$' } as const;
const flag = { type: 'boolean' } as const;
const labels = { type: 'object', additionalProperties: text(300) } as const;
const object = <P>(properties: P, required: readonly string[] = []) =>
  ({ type: 'object', additionalProperties: false, required, properties }) as const;

/** The schema that the peers hold an update against: the service's own rules for the same fields. */
export const campaignUpdateSchema = object({
  artist: object({ id: label(64), name: label(300), discoveryId: label(64), imageUrl: httpUrl }, ['id', 'name']),
  tour: object({ name: text(300) }),
  style: object({
    primaryColor: color,
    secondaryColor: color,
    backgroundColor: color,
    textColor: color,
    fontFamily: text(200),
  }),
  image: object({ hero: httpUrl, mobileHero: httpUrl, logo: httpUrl, background: httpUrl }),
  share: object({
    title: text(300),
    text: text(1000),
    imageUrl: httpUrl,
    networks: { type: 'array', uniqueItems: true, maxItems: 20, items: label(50) },
  }),
  preferences: {
    type: 'array',
    maxItems: 50,
    items: object(
      {
        id: label(64),
        type: { type: 'string', enum: ['text', 'choice', 'multipleChoice', 'boolean'] },
        required: flag,
        labels,
        choices: { type: 'array', maxItems: 100, items: object({ id: label(64), labels }, ['id']) },
      },
      ['id', 'type'],
    ),
  },
  options: object({ useGenericBranding: flag, showAccessCode: flag, automatedReminders: flag, attendance: flag }),
});
