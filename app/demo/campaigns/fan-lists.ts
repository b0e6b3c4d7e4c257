import { type CampaignDefinition } from './definition.ts';

/** Standing fan lists: they have neither a tour nor a presale. */
export const fanLists: readonly CampaignDefinition[] = [
  {
    slug: 'velvet-static-fans',
    status: 'OPEN',
    daysOld: 60,
    schemaVersion: 2,
    type: 'fanlist',
    name: 'Velvet Static: the fan list',
    artist: 'Velvet Static',
    referenceTimezone: 'America/Toronto',
    locales: ['en-CA', 'fr-CA', 'fr-FR'],
    schedule: { open: { day: -55, hour: 9 } },
    cities: [],
    presaleDays: [],
    contacts: ['fans'],
    style: { primaryColor: '#6d28d9', secondaryColor: '#fde68a' },
  },
  {
    slug: 'copper-canyon-choir-fans',
    status: 'CLOSED',
    daysOld: 50,
    schemaVersion: 1,
    type: 'fanlist',
    name: 'Copper Canyon Choir: backstage letters',
    artist: 'Copper Canyon Choir',
    referenceTimezone: 'America/Denver',
    locales: ['en-US'],
    schedule: { open: { day: -45, hour: 9 }, close: { day: -8, hour: 18 } },
    cities: [],
    presaleDays: [],
    contacts: ['fans'],
  },
];
