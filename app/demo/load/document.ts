import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { deriveFields } from '../../datastore/campaign-derived.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type NewDocument } from '../../datastore/versioned.ts';
import { SYSTEM } from '../../system-actor.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Where a generated campaign is in its life: its status, and how many days from now it opened and closed, or will. */
interface Stage {
  readonly status: CampaignStatus;
  readonly openDay: number;
  readonly closeDay: number;
}

/** Taken in turn: most are OPEN, and one in five (those marked) is due for the next refresh. */
const stages: readonly Stage[] = [
  { status: 'DRAFT', openDay: 20, closeDay: 34 },
  { status: 'DRAFT', openDay: 45, closeDay: 59 },
  { status: 'DRAFT', openDay: -1, closeDay: 13 }, // due
  { status: 'PREVIEW', openDay: 3, closeDay: 17 },
  { status: 'PREVIEW', openDay: 8, closeDay: 22 },
  { status: 'PREVIEW', openDay: -1, closeDay: 13 }, // due
  ...[1, 2, 3, 5, 8, 13, 21, 34].map((closeDay): Stage => ({ status: 'OPEN', openDay: closeDay - 36, closeDay })),
  { status: 'OPEN', openDay: -15, closeDay: -1 }, // due
  { status: 'CLOSED', openDay: -19, closeDay: -5 },
  { status: 'CLOSED', openDay: -34, closeDay: -20 },
  { status: 'CLOSED', openDay: -46, closeDay: -32 }, // due
  { status: 'INACTIVE', openDay: -90, closeDay: -76 },
  { status: 'INACTIVE', openDay: -200, closeDay: -186 },
];

const path: readonly CampaignStatus[] = ['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED', 'INACTIVE'];

const zones = ['America/Toronto', 'America/New_York', 'America/Los_Angeles', 'Europe/Berlin', 'Europe/Paris'] as const;
const artistCount = 500;

/** Makes the campaign of a number: about 2 KB as JSON, its dates around now, everything about it made of the number. */
export function createLoadCampaign(
  number: number,
  { id, now }: { readonly id: string; readonly now: Date },
): NewDocument<CampaignDocument> {
  const stage = stages[number % stages.length] as Stage;
  // Within the day they differ from each other, so that ranges of dates select some and not all.
  const day = (days: number): Date => new Date(now.getTime() + days * DAY_MS - (number % 1440) * 60_000);
  const artist = `Load Artist ${number % artistCount}`;
  const slug = `load-${number}`;
  const created = day(stage.openDay - 10);
  const times: Readonly<Record<CampaignStatus, Date>> = {
    DRAFT: created,
    PREVIEW: day(stage.openDay - 9),
    OPEN: day(stage.openDay),
    CLOSED: day(stage.closeDay),
    INACTIVE: day(stage.closeDay + 30),
  };
  const reached = path.slice(0, path.indexOf(stage.status) + 1);
  const content: Omit<CampaignDocument, 'search'> = {
    _id: id,
    type: 'registration',
    schema: { version: 2 },
    status: stage.status,
    statusHistory: reached.map(status => ({ status, date: times[status], by: SYSTEM })),
    name: `Load campaign ${number}`,
    identifier: slug,
    artist: {
      id: `load-artist-${number % artistCount}`,
      name: artist,
      discoveryId: `load-artist-${number % artistCount}`,
    },
    tour: { name: `Load tour ${number}` },
    domain: {
      ...(stage.status !== 'INACTIVE' && { site: `${slug}.load.example` }),
      ...((stage.status === 'DRAFT' || stage.status === 'PREVIEW') && { preview: `${slug}.preview.load.example` }),
    },
    date: {
      created,
      updated: reached.map(status => times[status]).at(-1) ?? created,
      open: times.OPEN,
      close: times.CLOSED,
      presaleWindowStart: day(stage.closeDay + 3),
      presaleWindowEnd: day(stage.closeDay + 6),
      ...(reached.includes('OPEN') && { opened: times.OPEN }),
      ...(reached.includes('CLOSED') && { closed: times.CLOSED }),
      ...(reached.includes('INACTIVE') && { inactivated: times.INACTIVE }),
    },
    referenceTimezone: zones[number % zones.length] ?? zones[0],
    locales: [
      { id: 'en-US', isDefault: true },
      { id: 'fr-CA', isDefault: false },
    ],
    content: createTexts(artist),
    style: { primaryColor: '#0b3d91', secondaryColor: '#f2c14e', fontFamily: 'Inter' },
    image: {
      hero: `https://images.load.example/${slug}/hero.jpg`,
      logo: `https://images.load.example/${slug}/logo.svg`,
    },
    share: { title: `${artist} presale`, text: 'Fourteen cities, one spring.', networks: ['x', 'facebook'] },
    options: { automatedReminders: number % 2 === 0, attendance: false },
    eventIds: [`load-event-${number}-1`, `load-event-${number}-2`],
    categoryId: `load-category-${number % 20}`,
    audit: { createdBy: SYSTEM, updatedBy: SYSTEM },
    version: 1,
  };
  return { ...content, ...deriveFields(content) };
}

function createTexts(artist: string): NonNullable<CampaignDocument['content']> {
  return {
    'en-US': {
      landing: {
        title: 'Register for the presale',
        subtitle: `${artist}: fourteen cities this spring.`,
        body: `<p>Tell us where you would like to see <strong>${artist}</strong>. Registering is free and takes a minute.</p>`,
        buttonLabel: 'Register',
      },
      confirmation: { title: 'You are registered', shareText: `I registered for the ${artist} presale.` },
      terms: '<p>One registration per person. Codes are personal and may not be sold.</p>',
    },
    'fr-CA': {
      landing: {
        title: 'Inscription à la prévente',
        subtitle: `${artist} : quatorze villes ce printemps.`,
        buttonLabel: "S'inscrire",
      },
    },
  };
}
