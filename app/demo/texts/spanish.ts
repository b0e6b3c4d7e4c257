import { paragraphs, points, type Show, type Texts } from './texts.ts';

/** Gives the texts of a tour in the Spanish of Mexico. */
export function writeSpanish({ artist, tour, cityCount }: Show): Texts {
  return {
    landing: {
      title: `${artist}: regístrate para la preventa de ${tour}`,
      subtitle: `${cityCount} ciudades. Primero los fans.`,
      body: paragraphs(
        `Cuéntanos dónde quieres ver a <strong>${artist}</strong>. Los fans seleccionados compran sus boletos antes de la venta general.`,
        'El registro es gratuito, toma un minuto y el orden de llegada no importa.',
      ),
      buttonLabel: 'Registrarme',
      closedTitle: 'El registro ha cerrado',
      closedBody: paragraphs(
        'Si te registraste, revisa tu correo: los códigos se envían la noche anterior a la preventa.',
      ),
    },
    confirmation: {
      title: 'Tu registro está completo',
      body: paragraphs('Te enviamos un correo. Puedes cambiar tus ciudades hasta que cierre el registro.'),
      shareText: `Me registré para la preventa de ${artist}.`,
    },
    email: {
      subject: `Registro completo: ${artist}, ${tour}`,
      preheader: 'Qué sigue y cuándo.',
      body: paragraphs(
        'Gracias por registrarte.',
        'Si resultas seleccionado, tu código llega la noche anterior a la preventa de tu ciudad.',
      ),
    },
    faqs: {
      what: {
        question: '¿Qué es el registro de preventa?',
        answer: paragraphs(
          'Una forma de que los boletos lleguen a los fans y no a los bots: parte de los registrados compra antes que nadie.',
        ),
      },
      code: {
        question: '¿Cómo uso mi código?',
        answer: paragraphs(
          'Inicia sesión con el correo de tu registro y escribe el código cuando comience la preventa. Sirve una sola vez.',
        ),
      },
      chances: {
        question: '¿El registro garantiza un boleto?',
        answer: paragraphs('No. Hay más fans registrados que lugares; los demás quedan en lista de espera.'),
      },
      change: {
        question: '¿Puedo cambiar mis ciudades?',
        answer: paragraphs('Sí, hasta que cierre el registro: usa el enlace de tu correo de confirmación.'),
      },
    },
    terms:
      '<h2>Términos del registro</h2>' +
      points(
        'Un registro por persona; se eliminan los registros automatizados.',
        'Los códigos son personales, no pueden revenderse y permiten hasta cuatro boletos.',
        'Usamos tus datos solo para esta preventa y los borramos 90 días después del último concierto.',
      ),
  };
}
