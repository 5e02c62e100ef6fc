import { expect, test } from 'vitest';
import { decodeEvent } from '../src/live/decode';
import { DeviceTable } from '../src/live/devices';
import { dayTime } from '../src/panels/format';
import { plain, retracted, sentence, toBorder } from '../src/panels/wording';

const NAMES = {
  device: (id: string) => ({ van: 'Van 12', bus: 'Bus 3' })[id] ?? id,
  geofence: (id: string) => ({ port: 'Old Port' })[id] ?? id,
};
const NOON = '2026-11-23T12:00:00Z';
const event = (type: string, evidence: object = {}, more: object = {}) =>
  decodeEvent({ id: 8, type, device: 'van', geofence: 'port', at: '2026-11-23T10:00:00Z', evidence, ...more });

test.each([
  ['enter', {}, 'Van 12 entered Old Port'],
  ['exit', {}, 'Van 12 left Old Port'],
  ['cross', { inferred: true }, 'Van 12 passed through Old Port'],
  ['dwell', { dwell_s: 300 }, 'Van 12 stayed in Old Port for 5 min'],
  ['dwell', {}, 'Van 12 stayed in Old Port'],
  ['speeding', { limit: 50 / 3.6, peak: 62 / 3.6 }, 'Van 12 was too fast in Old Port at 62 km/h, 50 km/h allowed'],
  ['absent', {}, 'Van 12 was not in Old Port'],
  ['absent', { until: NOON }, `Van 12 was not in Old Port by ${dayTime(Date.parse(NOON))}`],
  [
    'absent',
    { until: NOON, unknown: true },
    `Nobody knows whether Van 12 was in Old Port by ${dayTime(Date.parse(NOON))}`,
  ],
  ['retraction', { event: 7, type: 'enter' }, 'Van 12 did not enter Old Port after all'],
  ['retraction', { event: 7, type: 'near' }, 'Van 12 was told of wrongly: near after all'],
])('%s of %j in words', (type, evidence, words) => expect(plain(sentence(event(type, evidence), NAMES))).toBe(words));

test.each([
  ['offline', {}, 'Van 12 went offline'],
  ['online', {}, 'Van 12 is back online'],
  ['near', { other: 'bus' }, 'Van 12 came near Bus 3'],
  ['apart', { other: 'bus' }, 'Van 12 and Bus 3 are apart again'],
  ['levitate', {}, 'Van 12 levitate'],
])('%s without a geofence', (type, evidence, words) =>
  expect(plain(sentence(event(type, evidence, { geofence: null }), NAMES))).toBe(words),
);

test('a retraction strikes out the one it names', () => {
  expect([...retracted([event('retraction', { event: 7, type: 'enter' }), event('enter')])]).toEqual([7]);
});

test.each([
  [12.4, '12 m inside'],
  [-3.26, '3.3 m outside'],
  [0, '0 m inside'],
])('%f m to the border', (metres, words) => expect(toBorder(metres)).toBe(words));

test('evidence is read as far as it is there', () => {
  const { evidence } = event('enter', {
    preset: 'balanced',
    fixes: [{ at: '2026-11-23T10:00:00Z', lon: 1, lat: 2, distance: -4 }],
    crossing: { at: '2026-11-23T09:59:58Z', plus_minus_s: 2 },
  });
  expect(evidence.fixes).toEqual([
    { at: Date.UTC(2026, 10, 23, 10), lon: 1, lat: 2, accuracy: null, speed: null, distance: -4 },
  ]);
  expect([evidence.preset, evidence.crossing?.plusMinus, evidence.enter, evidence.inferred]).toEqual([
    'balanced',
    2,
    null,
    false,
  ]);
});

test('staying and passing through move nobody in or out', () => {
  const devices = new DeviceTable();
  const row = devices.learn('van', 'Van 12', null);
  for (const type of ['enter', 'dwell', 'cross', 'speeding']) devices.cross('van', 'port', type);
  expect(devices.inside[row]).toEqual(['port']);
});
