/** What each app is told leads to the device's own address, in the form in which the app reads it. */
import { expect, test } from 'vitest';
import { type AppKey, listApps } from '../src/panels/apps';
import { isLocal, isSecure, moveTo } from '../src/panels/network';

const URL_OF = 'https://tracker.example.org/in/a-_Key';
const apps = new Map(listApps(URL_OF, 'anna-phone').map((app) => [app.key, app]));

function link(key: AppKey): URL {
  return new URL(apps.get(key)!.link!);
}

function inside(key: AppKey, name: string): Record<string, unknown> {
  return JSON.parse(atob(link(key).searchParams.get(name)!)) as Record<string, unknown>;
}

test('the best for Android comes first', () => {
  expect(listApps(URL_OF, 'x')[0]!.name).toBe('Colota');
});

test('links hold the address', () => {
  expect(inside('colota', 'config')).toMatchObject({ endpoint: URL_OF, apiTemplate: 'custom', httpMethod: 'POST' });
  expect(inside('owntracks', 'inline')).toMatchObject({ _type: 'configuration', mode: 3, url: URL_OF });
  expect(apps.get('owntracks')!.link).toMatch(/^owntracks:\/\/\/config\?inline=/);
  expect(link('traccar').origin + link('traccar').pathname).toBe(URL_OF);
  expect(link('traccar').searchParams.get('id')).toBe('anna-phone');
  expect(link('overland').searchParams.get('url')).toBe(URL_OF);
});

test('what is entered holds the address and the names that our server reads', () => {
  for (const app of apps.values()) expect(app.fields.map(([, text]) => text).join()).toContain(URL_OF);
  const [, gpslogger] = apps.get('gpslogger')!.fields[0]!;
  expect([...new URL(gpslogger).searchParams.keys()]).toEqual([
    ...['lat', 'lon', 'time', 'acc', 'alt', 'spd', 'dir', 'sat', 'prov', 'battery'],
  ]);
  const [, osmand] = apps.get('osmand')!.fields[0]!;
  expect([...new URL(osmand).searchParams.keys()]).toContain('hdop'); // by which it is told from a Traccar client
});

test('another address of the server takes only its origin', () => {
  expect(moveTo('http://localhost:8000/track#code', 'http://192.168.1.7:8000')).toBe(
    'http://192.168.1.7:8000/track#code',
  );
  expect(moveTo('http://localhost:8000/track#code', '')).toBe('http://localhost:8000/track#code');
  expect(['http://localhost:1/', 'http://127.0.0.3/', 'http://[::1]/'].every(isLocal)).toBe(true);
  expect(isLocal('http://192.168.1.7/')).toBe(false);
  expect([isSecure('https://a.example.org/'), isSecure('http://a.example.org/')]).toEqual([true, false]);
});
