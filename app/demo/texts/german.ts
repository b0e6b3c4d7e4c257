import { paragraphs, points, type Show, type Texts } from './texts.ts';

/** Gives the texts of a tour in German. */
export function writeGerman({ artist, tour, cityCount }: Show): Texts {
  return {
    landing: {
      title: `${artist}: Registrierung für den Vorverkauf von „${tour}“`,
      subtitle: `${cityCount} Städte. Fans zuerst.`,
      body: paragraphs(
        `Sag uns, wo du <strong>${artist}</strong> sehen möchtest. Ausgewählte Fans kaufen ihre Tickets vor dem allgemeinen Verkauf.`,
        'Die Registrierung ist kostenlos und dauert eine Minute; die Reihenfolge spielt keine Rolle.',
      ),
      buttonLabel: 'Registrieren',
      closedTitle: 'Die Registrierung ist beendet',
      closedBody: paragraphs('Du bist registriert? Die Codes kommen am Abend vor dem Vorverkauf per E-Mail.'),
    },
    confirmation: {
      title: 'Du bist registriert',
      body: paragraphs(
        'Wir haben dir eine E-Mail geschickt. Bis zum Ende der Registrierung kannst du deine Städte ändern.',
      ),
      shareText: `Ich bin für den Vorverkauf von ${artist} registriert.`,
    },
    email: {
      subject: `Du bist registriert: ${artist}, ${tour}`,
      preheader: 'Wie es weitergeht, und wann.',
      body: paragraphs(
        'Danke für deine Registrierung.',
        'Wirst du ausgewählt, kommt dein Code am Abend vor dem Vorverkauf in deiner Stadt.',
      ),
    },
    faqs: {
      what: {
        question: 'Was ist eine Vorverkaufsregistrierung?',
        answer: paragraphs(
          'So kommen Tickets zu Fans und nicht zu Bots: Ein Teil der Registrierten kauft vor allen anderen.',
        ),
      },
      code: {
        question: 'Wie löse ich meinen Code ein?',
        answer: paragraphs(
          'Melde dich mit der Adresse deiner Registrierung an und gib den Code ein, sobald der Vorverkauf beginnt. Er gilt einmal.',
        ),
      },
      chances: {
        question: 'Garantiert die Registrierung ein Ticket?',
        answer: paragraphs(
          'Nein. Es registrieren sich mehr Fans, als es Plätze gibt; alle anderen stehen auf der Warteliste.',
        ),
      },
      change: {
        question: 'Kann ich meine Städte ändern?',
        answer: paragraphs('Ja, bis die Registrierung endet: über den Link in deiner Bestätigungs-E-Mail.'),
      },
    },
    terms:
      '<h2>Teilnahmebedingungen</h2>' +
      points(
        'Eine Registrierung pro Person; automatisierte Registrierungen werden gelöscht.',
        'Codes sind persönlich, dürfen nicht verkauft werden und gelten für höchstens vier Tickets.',
        'Deine Daten dienen nur diesem Vorverkauf und werden 90 Tage nach dem letzten Konzert gelöscht.',
      ),
  };
}
