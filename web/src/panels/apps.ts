/** The apps that people have, and what each has to be told: a link that sets it up where it takes one, or what to enter. */

export type AppKey = 'colota' | 'owntracks' | 'traccar' | 'overland' | 'gpslogger' | 'osmand' | 'homeassistant';

export interface AppSetup {
  readonly key: AppKey;
  readonly name: string;
  readonly systems: string;
  readonly link: string | null; // opened on the phone, or scanned
  readonly fields: readonly (readonly [string, string])[]; // as the app names it, and what to enter
}

const EVERY_S = 30;

/** The best first, for Android and for iOS. `url` is the device's own address. */
export function listApps(url: string, id: string): AppSetup[] {
  return [
    colota(url),
    owntracks(url, id),
    traccar(url, id),
    overland(url, id),
    gpslogger(url),
    osmand(url),
    homeAssistant(url),
  ];
}

function colota(url: string): AppSetup {
  const settings = { endpoint: url, apiTemplate: 'custom', httpMethod: 'POST', interval: EVERY_S };
  return {
    key: 'colota',
    name: 'Colota',
    systems: 'Android',
    link: `colota://setup?config=${encodeURIComponent(base64(JSON.stringify(settings)))}`,
    fields: [
      ['Endpoint', url],
      ['Template', 'Custom'],
      ['Method', 'POST'],
    ],
  };
}

function owntracks(url: string, id: string): AppSetup {
  const tid = id.slice(-2);
  const settings = { _type: 'configuration', mode: 3, url, auth: false, deviceId: id, tid };
  return {
    key: 'owntracks',
    name: 'OwnTracks',
    systems: 'Android, iOS',
    link: `owntracks:///config?inline=${encodeURIComponent(base64(JSON.stringify(settings)))}`,
    fields: [
      ['Mode', 'HTTP'],
      ['URL', url],
      ['DeviceID', id],
      ['TrackerID', tid],
    ],
  };
}

function traccar(url: string, id: string): AppSetup {
  const query = new URLSearchParams({ id, interval: String(EVERY_S), buffer: 'true' });
  return {
    key: 'traccar',
    name: 'Traccar Client',
    systems: 'Android, iOS',
    link: `${url}?${query}`,
    fields: [
      ['Server URL', url],
      ['Device identifier', id],
    ],
  };
}

function overland(url: string, id: string): AppSetup {
  const query = new URLSearchParams({ url, device_id: id });
  return {
    key: 'overland',
    name: 'Overland',
    systems: 'iOS',
    link: `overland://setup?${query}`,
    fields: [
      ['Receiver Endpoint', url],
      ['Device ID', id],
    ],
  };
}

function gpslogger(url: string): AppSetup {
  const said = 'lat=%LAT&lon=%LON&time=%TIME&acc=%ACC&alt=%ALT&spd=%SPD&dir=%DIR&sat=%SAT&prov=%PROV&battery=%BATT';
  return { key: 'gpslogger', name: 'GPSLogger', systems: 'Android', link: null, fields: [['URL', `${url}?${said}`]] };
}

function osmand(url: string): AppSetup {
  const said = 'lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}';
  const fields = [['Web address', `${url}?${said}`]] as const;
  return { key: 'osmand', name: 'OsmAnd', systems: 'Android', link: null, fields };
}

function homeAssistant(url: string): AppSetup {
  const place = (name: string) => `{{ state_attr('device_tracker.phone', '${name}') }}`;
  const data = `"gps": [${place('latitude')}, ${place('longitude')}], "gps_accuracy": ${place('gps_accuracy')}`;
  const command = [
    'rest_command:',
    '  tracker:',
    `    url: ${url}`,
    '    method: POST',
    '    content_type: application/json',
    `    payload: '{"type": "update_location", "data": {${data.replaceAll("'", "''")}}}'`,
  ].join('\n');
  return {
    key: 'homeassistant',
    name: 'Home Assistant',
    systems: 'configuration.yaml',
    link: null,
    fields: [['configuration.yaml', command]],
  };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
