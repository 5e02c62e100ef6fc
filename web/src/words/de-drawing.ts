/** Die Texte des Zeichnens auf Deutsch: das Formular eines Gebiets, und was eines gemeldet hätte. */
import type { DrawingWords } from './en-drawing';

export const drawing: DrawingWords = {
  drawing: {
    new: { polygon: 'Neues Vieleck', circle: 'Neuer Kreis', corridor: 'Neuer Korridor' },
    newGeofence: 'Neues Gebiet',
    edit: 'Gebiet bearbeiten',
    editNamed: (name) => `${name} bearbeiten`,
    how: {
      polygon: 'Die Ecken auf der Karte anklicken; Enter oder ein Klick auf die letzte beendet.',
      circle: 'Die Mitte auf der Karte anklicken, dann den Rand.',
      corridor: 'Den Weg auf der Karte entlang klicken; Enter oder ein Klick auf den letzten Ort beendet.',
    },
    move: {
      polygon:
        'Eine Ecke ziehen, um sie zu verschieben; einen Punkt dazwischen für eine neue; das Innere, um alles zu verschieben. Ein Rechtsklick nimmt eine Ecke weg.',
      circle: 'Den Rand ziehen für die Größe, das Innere zum Verschieben.',
      corridor:
        'Eine Ecke ziehen, um sie zu verschieben; einen Punkt dazwischen für eine neue. Ein Rechtsklick nimmt eine Ecke weg.',
    },
    escape: 'Esc bricht ab.',
    inMiddle: 'In die Mitte der Karte setzen',
    anew: 'Neu zeichnen',
    crossing: 'An der roten Marke kreuzt sich die Grenze selbst: eine Ecke verschieben, bis sie es nicht mehr tut.',
    snap: 'Ecken rasten an anderen Gebieten ein (nicht bei gedrückter Alt-Taste)',
    missed: {
      all: 'den Geräten',
      at: (who, accuracy, interval) =>
        accuracy === null
          ? `Beim üblichen Sendeabstand (${interval}) von ${who}`
          : `Bei der üblichen Genauigkeit (${accuracy}) und dem üblichen Sendeabstand (${interval}) von ${who}`,
      hardly: 'entgeht kaum eine Durchfahrt.',
      most: 'entgeht fast jede Durchfahrt: größer zeichnen.',
      oneIn: (n) => (n <= 1 ? 'entgehen die meisten Durchfahrten.' : `entgeht etwa eine Durchfahrt von ${n}.`),
    },
    name: 'Name',
    radius: 'Radius',
    width: 'Gesamtbreite',
    decides: 'Wie es entscheidet',
    presets: {
      strict: 'Jede Position entscheidet sofort, als wäre sie genau.',
      balanced: 'Berücksichtigt die Genauigkeit und wartet, bis ein Übertritt sicher ist.',
      calm: 'Wartet länger: weniger Fehlalarme bei schlechtem Empfang, echte kommen später.',
    },
    presetNames: { strict: 'streng', balanced: 'ausgewogen', calm: 'ruhig' },
    expect: {
      legend: 'Hier erwartet',
      on: 'Melden, wer nicht rechtzeitig hier ist',
      who: 'Tippen, um zu wählen, wer',
      from: 'Von',
      by: 'Bis',
      hint: 'Einmal am Tag. Wer nichts sendet, wird als unbekannt gemeldet.',
    },
    already: {
      legend: 'Wer schon darin ist',
      noted: 'wird vermerkt.',
      notedMeans: 'Gilt als darin, und niemand wird benachrichtigt.',
      entered: 'tritt ein.',
      enteredMeans: 'Für jedes Gerät ein Ereignis mit seinen Meldungen.',
    },
    stay: 'Aufenthalt melden ab',
    no: 'nein',
    none: 'keines',
    minutes: 'min',
    on: 'Eingeschaltet',
    conflict: (name) => `${name} wurde inzwischen von jemand anderem geändert.`,
    conflictGone: (name) => `${name} wurde inzwischen von jemand anderem gelöscht.`,
    theirs: (what) => `Jetzt, auf der Karte gestrichelt: ${what}`,
    yours: (what) => `Ihre Fassung: ${what}`,
    saveMine: 'Meine Fassung speichern',
    takeTheirs: 'Die andere übernehmen',
  },
  trial: {
    title: 'An der Vergangenheit erproben',
    howFar: 'Wie weit zurück',
    spans: { hour: 'die letzte Stunde', day: 'der letzte Tag', week: 'die letzte Woche' },
    stop: 'Anhalten',
    try: 'Erproben',
    reading: 'Die Vergangenheit wird gelesen',
    hint: 'Was es zu den gespeicherten Positionen gemeldet hätte. Niemand erfährt davon, nichts bleibt.',
    noEvent: 'Kein Ereignis',
    found: (what, fixes) => `${what} in ${fixes} Positionen`,
    soFar: ' bis jetzt',
    stopped: ', angehalten',
    first: (count) => `Die ersten ${count} sind zu sehen.`,
    thisGeofence: 'dieses Gebiet',
    noAnswer: 'Der Server antwortet nicht.',
  },
};
