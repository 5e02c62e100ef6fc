/** The texts of importing geofences in German. */
import type { importing as english } from './en-import';

export const importing: typeof english = {
  importing: {
    saved: (name) => `${name} ist gespeichert.`,
    reading: 'Die Datei wird gelesen …',
    title: (file) => `Was aus ${file} würde`,
    nothingYet: 'Noch ist nichts geschrieben. Auf der Karte: gestrichelt ist neu, orange ersetzt, was schon da ist.',
    replace: (count) => `Ersetzen, was schon da ist (${count})`,
    take: (count) => `${count} importieren`,
    becomes: { created: 'neu', replaced: 'ersetzt', unchanged: 'unverändert' },
    refused: (count) => `Nicht importiert: ${count}`,
    feature: (number) => `Nr. ${number}`,
    times: (count) => `(${count}-mal)`,
    readOtherwise: 'Anders gelesen, als es dasteht',
    takeBack: 'Import rückgängig machen',
  },
};
