/** The few texts of the door and of people that are said before anything of them is looked at, in each language. */
import { computed } from '@preact/signals';
import { language } from '../words';

export const en = {
  silent: 'The server does not answer. Is it running?',
  linkUsed: 'This link was used, or is too old. On the server, tracker sign-in makes a new one.',
  tokenUnknown: 'This token is not known, or was revoked.',
  deviceToken: 'That is the token of a device. The map needs a viewer or an admin token.',
  account: 'Account and people',
  cameBack: {
    unknown: 'Nobody here is connected to that account. Sign in as before, and connect it under Account and people.',
    taken: 'That account is connected to somebody here already, or the address has one.',
    down: 'The company’s sign-in does not answer. Try again.',
    refused: 'That sign-in did not work, or took too long. Try again.',
  } as Record<string, string>,
};

export const de: typeof en = {
  silent: 'Der Server antwortet nicht. Läuft er?',
  linkUsed: 'Dieser Link wurde schon benutzt oder ist zu alt. Auf dem Server erstellt tracker sign-in einen neuen.',
  tokenUnknown: 'Dieses Token ist nicht bekannt oder wurde widerrufen.',
  deviceToken: 'Das ist das Token eines Geräts. Die Karte braucht eines zum Ansehen oder Verwalten.',
  account: 'Konto und Personen',
  cameBack: {
    unknown:
      'Mit diesem Konto ist hier niemand verbunden. Melden Sie sich wie bisher an, und verbinden Sie es unter Konto und Personen.',
    taken: 'Dieses Konto ist hier schon mit jemandem verbunden, oder die Adresse hat eines.',
    down: 'Die Anmeldung der Firma antwortet nicht. Versuchen Sie es noch einmal.',
    refused: 'Diese Anmeldung hat nicht geklappt oder zu lange gedauert. Versuchen Sie es noch einmal.',
  },
};

export const doorWords = computed(() => (language.value === 'de' ? de : en));
