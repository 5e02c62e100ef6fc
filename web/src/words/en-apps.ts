/** The texts of what each app has to be told, in English. */
import type { AppKey } from '../panels/apps';

const QUIET = 'Allow location always, and exempt the app from battery optimisation: else the system stops it.';

export const apps = {
  apps: {
    title: 'With an app, which goes on with the screen off',
    hint: 'On Android take Colota, on an iPhone OwnTracks or Overland.',
    which: 'Which app',
    scan: (app: string) => `Scan this for ${app}, or enter what stands below.`,
    notes: {
      colota: ['It shows what the code would set, and asks.', QUIET],
      owntracks: [
        'Since version 2.6 the Android app takes no code before you allow it: Preferences, Advanced, remote configuration. Or enter the values.',
        'With an encryption key in the app, tell the server the same one.',
        QUIET,
      ],
      traccar: [
        'Scan it with the scanner in the app’s settings; a link is opened in some versions only. It asks before it applies.',
        QUIET,
      ],
      overland: ['Choose a tracking mode that is not off, and allow location always.'],
      gpslogger: [
        'Logging details, Log to custom URL; and automatic sending, for after three attempts it gives a point up.',
        QUIET,
      ],
      osmand: ['Plugins, Trip recording, Online tracking.'],
      homeassistant: [
        'It sends what Home Assistant knows of a phone. Put your tracker’s name in the place of phone, and call it when that changes.',
      ],
    } as Record<AppKey, readonly string[]>,
  },
  heard: {
    title: 'Heard, and no device yet',
    hint: 'A broker or another server says these names. One that becomes a device brings its positions of the last day.',
    of: (app: string, ago: string, fixes: string) => `${app}, ${ago}, positions kept: ${fixes}`,
    id: (name: string) => `Id of the device that ${name} is`,
    make: 'Make it a device',
  },
  forward: {
    title: 'Another server',
    none: 'Send its positions on to another server',
    kind: 'Kind',
    url: 'Address',
    name: 'Its name there',
    nameHint: 'Its id on another Tracker. Empty: as here.',
    password: 'User and password, as user:password',
    token: 'Its token there',
    begin: 'Send on',
    end: 'Send on no more',
    really: 'What is there stays there. Go on?',
    goes: (host: string, sent: string) => `Its positions go on to ${host}: ${sent} are there.`,
    behind: (some: string) => `${some} are on their way.`,
    failing: (why: string) => `The other server does not take them: ${why}. It is tried again.`,
  },
};

export type AppsWords = typeof apps;
