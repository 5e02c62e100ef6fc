/** Die Texte dazu, was den Apps einzugeben ist, auf Deutsch. */
import type { AppsWords } from './en-apps';

const QUIET = 'Standort immer erlauben und die App von der Akku-Optimierung ausnehmen: Sonst hält das System sie an.';

export const apps: AppsWords = {
  apps: {
    title: 'Mit einer App, die auch bei ausgeschaltetem Bildschirm weiterläuft',
    hint: 'Unter Android Colota, auf einem iPhone OwnTracks oder Overland.',
    which: 'Welche App',
    scan: (app) => `Diesen Code für ${app} scannen oder eingeben, was darunter steht.`,
    notes: {
      colota: ['Die App zeigt, was der Code einstellen würde, und fragt.', QUIET],
      owntracks: [
        'Seit Version 2.6 nimmt die Android-App keinen Code an, bevor es erlaubt ist: Einstellungen, Erweitert, Fernkonfiguration. Oder die Werte eingeben.',
        'Ist in der App ein Schlüssel gesetzt, so muss der Server denselben kennen.',
        QUIET,
      ],
      traccar: [
        'Mit dem Scanner in den Einstellungen der App scannen; einen Link öffnen nur manche Versionen. Die App fragt, bevor sie etwas übernimmt.',
        QUIET,
      ],
      overland: ['Einen Modus wählen, der nicht aus ist, und den Standort immer erlauben.'],
      gpslogger: [
        'Protokolldetails, An eigene URL senden; dazu automatisches Senden, denn nach drei Versuchen gibt sie einen Punkt auf.',
        QUIET,
      ],
      osmand: ['Erweiterungen, Streckenaufzeichnung, Online-Tracking.'],
      homeassistant: [
        'Gesendet wird, was Home Assistant von einem Telefon weiß. Statt phone den Namen des eigenen Trackers einsetzen und den Befehl aufrufen, wenn dieser sich ändert.',
      ],
    },
  },
  heard: {
    title: 'Gehört, aber noch kein Gerät',
    hint: 'Ein Broker oder ein anderer Server nennt diese Namen. Was ein Gerät wird, bringt seine Positionen des letzten Tages mit.',
    of: (app, ago, fixes) => `${app}, ${ago}, aufbewahrte Positionen: ${fixes}`,
    id: (name) => `Kennung des Geräts für ${name}`,
    make: 'Zum Gerät machen',
  },
  forward: {
    title: 'Anderer Server',
    none: 'Positionen an einen anderen Server weitergeben',
    kind: 'Art',
    url: 'Adresse',
    name: 'Name dort',
    nameHint: 'Bei einem anderen Tracker die Kennung. Leer: wie hier.',
    password: 'Benutzer und Passwort, als Benutzer:Passwort',
    token: 'Token dort',
    begin: 'Weitergeben',
    end: 'Nicht mehr weitergeben',
    really: 'Was dort ist, bleibt dort. Fortfahren?',
    goes: (host, sent) => `Die Positionen gehen weiter an ${host}: ${sent} sind angekommen.`,
    behind: (some) => `${some} sind unterwegs.`,
    failing: (why) => `Der andere Server nimmt sie nicht: ${why}. Es wird weiter versucht.`,
  },
};
