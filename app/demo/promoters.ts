import { type PromoterWrite } from '../../schemas/promoter.ts';

/** The promoters of the demo, by the country in which they work. */
export const promoters: Readonly<Record<string, PromoterWrite>> = {
  CA: {
    name: 'Tamarack Live',
    privacyPolicyUrls: {
      'en-CA': 'https://tamaracklive.example/privacy',
      'fr-CA': 'https://tamaracklive.example/fr/confidentialite',
    },
  },
  US: {
    name: 'Longacre Presents',
    privacyPolicyUrls: {
      'en-US': 'https://longacre.example/privacy',
      'es-MX': 'https://longacre.example/es/privacidad',
    },
  },
  MX: {
    name: 'Producciones Colibrí',
    privacyPolicyUrls: {
      'es-MX': 'https://colibri.example/aviso-de-privacidad',
      'en-US': 'https://colibri.example/en/privacy',
    },
  },
  DE: { name: 'Konzertbüro Elster', privacyPolicyUrls: { 'de-DE': 'https://elster-konzerte.example/datenschutz' } },
  FR: {
    name: 'Grand Large Productions',
    privacyPolicyUrls: {
      'fr-FR': 'https://grandlarge.example/confidentialite',
      'en-GB': 'https://grandlarge.example/en/privacy',
    },
  },
  GB: { name: 'Kestrel & Sons', privacyPolicyUrls: { 'en-GB': 'https://kestrelandsons.example/privacy' } },
};

/** Which promoter works in the countries that have none of their own. */
const neighbours: Readonly<Record<string, string>> = { AT: 'DE', CH: 'DE', BE: 'FR' };

/** Gives the key of the promoter for a country. */
export function selectPromoterKey(country: string): string {
  return neighbours[country] ?? country;
}
