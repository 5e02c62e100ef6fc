import type { WatchingWords } from './en';

/** Was darüber gesagt wird, wer zuschaut, auf Deutsch. */
export const watching: WatchingWords = {
  maySee: 'Darf es jetzt sehen',
  nobody: 'Niemand sonst.',
  program: 'ein Programm',
  roles: {
    viewer: 'Betrachter',
    dispatcher: 'Disponent',
    manager: 'Verwalter',
    owner: 'Eigentümer dieses Servers',
    admin: 'Programm des Eigentümers',
  },
  link: (name) => `Wer den Link${name ? ` „${name}“` : ''} hat`,
  until: (moment) => `bis ${moment}`,
  looked: 'Hat nachgesehen, wo es war',
  byLink: (address) => `durch einen Link, von ${address}`,
  nobodyLooked: 'Noch niemand.',
  operator: 'Wer die Datenbank dieses Servers betreibt, kann alles darin lesen.',
};
