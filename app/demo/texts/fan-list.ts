import { paragraphs, points, type Show, type Texts } from './texts.ts';

/** Gives the texts of a standing fan list in English. */
export function writeEnglishFanList({ artist }: Pick<Show, 'artist'>): Texts {
  return {
    landing: {
      title: `Join the ${artist} fan list`,
      subtitle: 'Be the first to hear of new dates.',
      body: paragraphs(
        `Leave your address and <strong>${artist}</strong> will write when there is news: dates, presales, nothing else.`,
      ),
      buttonLabel: 'Join',
      closedTitle: 'The list is closed',
      closedBody: paragraphs('No new fans are taken in at the moment. Whoever is on the list stays on it.'),
    },
    confirmation: {
      title: 'Welcome to the list',
      body: paragraphs('We write a few times a year. Every email has a link to leave.'),
    },
    email: {
      subject: `You are on the ${artist} fan list`,
      body: paragraphs('Thank you for joining. You hear from us when there is news.'),
    },
    faqs: {
      what: {
        question: 'What do I get?',
        answer: paragraphs('News of dates before they are announced, and a place in the presale of every tour.'),
      },
      change: {
        question: 'How do I leave?',
        answer: paragraphs('Every email has a link at its end. One click is enough.'),
      },
    },
    terms: '<h2>Terms</h2>' + points('Leave at any time.', 'Your address is passed on to nobody.'),
  };
}

/** Gives the texts of a standing fan list in French. */
export function writeFrenchFanList({ artist }: Pick<Show, 'artist'>): Texts {
  return {
    landing: {
      title: `Rejoignez la liste des fans de ${artist}`,
      subtitle: 'Les nouvelles dates avant tout le monde.',
      body: paragraphs(
        `Laissez votre adresse : <strong>${artist}</strong> vous écrira pour les dates et les préventes, rien d'autre.`,
      ),
      buttonLabel: 'Rejoindre',
      closedTitle: 'La liste est close',
      closedBody: paragraphs('Les inscriptions sont suspendues. Les fans inscrits restent sur la liste.'),
    },
    confirmation: {
      title: 'Bienvenue',
      body: paragraphs('Nous écrivons quelques fois par an. Chaque message contient un lien de départ.'),
    },
    faqs: {
      what: {
        question: "Qu'est-ce que j'y gagne?",
        answer: paragraphs('Les dates avant leur annonce, et une place dans la prévente de chaque tournée.'),
      },
    },
  };
}
