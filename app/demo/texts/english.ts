import { paragraphs, points, type Show, type Texts } from './texts.ts';

/** Gives the texts of a tour in English. */
export function writeEnglish({ artist, tour, cityCount }: Show): Texts {
  return {
    landing: {
      title: `${artist}: register for the ${tour} presale`,
      subtitle: `${cityCount} cities. Fans first.`,
      body: paragraphs(
        `Tell us where you would like to see <strong>${artist}</strong>. Registered fans are chosen before tickets go on general sale.`,
        'Registering is free, takes a minute, and the order in which you register makes no difference.',
      ),
      buttonLabel: 'Register',
      closedTitle: 'Registration has closed',
      closedBody: paragraphs(
        'If you registered, watch your inbox: selected fans receive a code the evening before the presale.',
      ),
    },
    confirmation: {
      title: 'You are registered',
      body: paragraphs('We have sent you an email. You can change your cities until registration closes.'),
      shareText: `I registered for the ${artist} presale.`,
    },
    email: {
      subject: `You are registered: ${artist}, ${tour}`,
      preheader: 'What happens next, and when.',
      body: paragraphs(
        'Thank you for registering.',
        'If you are selected, your code arrives the evening before the presale in your city.',
      ),
    },
    faqs: {
      what: {
        question: 'What is a presale registration?',
        answer: paragraphs(
          'A way to get tickets to fans and not to bots. You register, and a selection of fans can buy tickets before everybody else.',
        ),
      },
      code: {
        question: 'How do I use my code?',
        answer: paragraphs(
          'Sign in with the address that you registered with and enter the code when the presale begins. It works once.',
        ),
      },
      chances: {
        question: 'Does registering guarantee a ticket?',
        answer: paragraphs(
          'No. More fans register than there are seats. Whoever is not selected is put on the waiting list.',
        ),
      },
      change: {
        question: 'Can I change my cities?',
        answer: paragraphs('Yes, until registration closes: follow the link in your confirmation email.'),
      },
    },
    terms:
      '<h2>Terms of registration</h2>' +
      points(
        'One registration per person. Registrations made by scripts are removed.',
        'Codes are personal, may not be sold, and are valid for at most four tickets.',
        'We use your data for this presale alone, and delete it 90 days after the last show.',
      ),
  };
}
