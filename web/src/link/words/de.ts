import type { Words } from './en';

/** Alle Texte der Seite eines geteilten Links. */
export const de: Words = {
  title: 'Geteilter Standort',
  opening: 'Wird geöffnet …',
  noCode: 'Diese Adresse ist unvollständig. Lass dir den ganzen Link schicken.',
  ended: 'Dieser Link ist abgelaufen, oder es gab ihn nie. Gezeigt wird nichts mehr.',
  full: 'Es sehen schon so viele zu, wie dürfen. Es wird weiter versucht …',
  offline: 'Keine Verbindung. Es wird weiter versucht …',
  foreign: 'Dieser Link darf nicht in anderen Seiten gezeigt werden. Öffne ihn in einem eigenen Tab.',
  protected: 'Dieser Link verlangt ein Passwort.',
  password: 'Passwort',
  wrong: 'Das ist nicht das Passwort.',
  later: (seconds) => `Zu viele Versuche. Warte ${seconds} s.`,
  open: 'Öffnen',
  until: (moment) => `bis ${moment}`,
  live: 'Live',
  past: 'Vergangenes, nicht live',
  lost: 'Keine Verbindung: Was du siehst, kann alt sein',
  delayed: (time) => `um ${time} verzögert`,
  blurred: (metres) => `nur die Gegend, etwa ${metres}`,
  hides: 'manche Orte werden nicht gezeigt',
  nothing:
    'Noch nichts zu sehen. Wer geteilt wird, hat sich nicht gemeldet oder ist an einem Ort, der nicht gezeigt wird.',
  ago: (time) => `vor ${time}`,
  now: 'gerade eben',
  noMap: 'Dieser Browser zeichnet keine Karte.',
  places: (lat, lon) => `${lat}, ${lon}`,
};
