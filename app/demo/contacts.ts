import { type ContactWrite } from '../../schemas/contact.ts';

/** The people of the demo, by a key that campaigns name. */
export const contacts = {
  manager: {
    name: 'Ines Okafor',
    role: 'Artist management',
    company: 'Slow River Management',
    email: 'ines.okafor@slowriver.example',
    phone: '+1 416 555 0142',
  },
  marketing: {
    name: 'Theo Lindqvist',
    role: 'Tour marketing',
    company: 'Longacre Presents',
    email: 'theo.lindqvist@longacre.example',
    phone: '+1 212 555 0187',
  },
  europe: {
    name: 'Carla Brandt',
    role: 'Tour manager, Europe',
    company: 'Konzertbüro Elster',
    email: 'c.brandt@elster-konzerte.example',
    phone: '+49 30 5550 0113',
  },
  fans: { name: 'Noor Haddad', role: 'Fan club', email: 'noor@fanclub.example' },
} as const satisfies Readonly<Record<string, ContactWrite>>;

export type ContactKey = keyof typeof contacts;
