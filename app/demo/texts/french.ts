import { paragraphs, points, type Show, type Texts } from './texts.ts';

/** The words in which the French of Canada and of France differ. */
export interface FrenchWords {
  readonly email: string;
  readonly mailbox: string;
  readonly register: string;
}

export const canadianFrench: FrenchWords = { email: 'courriel', mailbox: 'boîte de courriel', register: "S'inscrire" };
export const europeanFrench: FrenchWords = { email: 'e-mail', mailbox: 'boîte mail', register: "Je m'inscris" };

/** Gives the texts of a tour in French. */
export function writeFrench({ artist, tour, cityCount }: Show, { email, mailbox, register }: FrenchWords): Texts {
  return {
    landing: {
      title: `${artist} : inscription à la prévente de ${tour}`,
      subtitle: `${cityCount} villes. Les fans d'abord.`,
      body: paragraphs(
        `Dites-nous où vous aimeriez voir <strong>${artist}</strong>. Des fans inscrits pourront acheter leurs billets avant la mise en vente générale.`,
        "L'inscription est gratuite et ne prend qu'une minute; l'ordre d'arrivée ne compte pas.",
      ),
      buttonLabel: register,
      closedTitle: 'Les inscriptions sont closes',
      closedBody: paragraphs(
        `Si vous êtes inscrit, surveillez votre ${mailbox} : les codes partent la veille de la prévente.`,
      ),
    },
    confirmation: {
      title: 'Votre inscription est enregistrée',
      body: paragraphs(
        `Un ${email} de confirmation vient de vous être envoyé. Vous pouvez modifier vos villes jusqu'à la clôture.`,
      ),
      shareText: `Je suis inscrit à la prévente de ${artist}.`,
    },
    email: {
      subject: `Inscription enregistrée : ${artist}, ${tour}`,
      preheader: 'La suite, étape par étape.',
      body: paragraphs(
        'Merci de votre inscription.',
        'Si vous êtes sélectionné, votre code arrivera la veille de la prévente dans votre ville.',
      ),
    },
    faqs: {
      what: {
        question: "Qu'est-ce qu'une inscription à la prévente?",
        answer: paragraphs(
          'Un moyen de réserver les billets aux fans plutôt qu’aux robots : une partie des inscrits achète avant tout le monde.',
        ),
      },
      code: {
        question: 'Comment utiliser mon code?',
        answer: paragraphs(
          "Connectez-vous avec l'adresse de votre inscription et saisissez le code dès le début de la prévente. Il ne sert qu'une fois.",
        ),
      },
      chances: {
        question: "L'inscription garantit-elle un billet?",
        answer: paragraphs("Non. Il y a plus d'inscrits que de places; les autres sont placés en liste d'attente."),
      },
      change: {
        question: 'Puis-je changer de villes?',
        answer: paragraphs(
          `Oui, jusqu'à la clôture des inscriptions : suivez le lien de votre ${email} de confirmation.`,
        ),
      },
    },
    terms:
      "<h2>Conditions d'inscription</h2>" +
      points(
        'Une inscription par personne; les inscriptions automatisées sont supprimées.',
        'Les codes sont personnels, ne peuvent être revendus et donnent droit à quatre billets au plus.',
        'Vos données ne servent qu’à cette prévente et sont effacées 90 jours après le dernier concert.',
      ),
  };
}
