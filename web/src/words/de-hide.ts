/** Die Texte dazu, was andere von einem Gerät sehen und wer zuschaut, auf Deutsch. */
import type { HideWords } from './en-hide';

export const hide: HideWords = {
  hide: {
    title: 'Was andere sehen',
    vague: (until) => `Ungenau${until === null ? '' : ` bis ${until}`}: Nur der Quadratkilometer wird gezeigt.`,
    paused: (until) => `Pausiert${until === null ? '' : ` bis ${until}`}: Die Person möchte nicht gesehen werden.`,
    ownVague: (until) => `Für andere ungenau${until === null ? '' : ` bis ${until}`}: Sie sehen den Quadratkilometer.`,
    ownPaused: (until) => `Für andere pausiert${until === null ? '' : ` bis ${until}`}: Sie sehen nichts.`,
    lasts: 'Wie lange',
    hours: (hours) => (hours === 1 ? 'für 1 Stunde' : `für ${hours} Stunden`),
    beVague: 'Ungenau zeigen',
    vagueHint: 'Andere sehen den Quadratkilometer, in dem es ist, auch später.',
    bePaused: 'Pausieren',
    pausedHint: 'Andere sehen von dieser Zeit nichts, auch später nicht.',
    goOn: 'Wieder genau zeigen',
    may: (actions) => `Ihre Rechte hier: ${new Intl.ListFormat('de').format(actions)}.`,
    can: { see: 'sehen', command: 'schreiben', share: 'teilen', devices: 'ändern' },
    watchers: 'Wer zuschaut',
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
  },
};
