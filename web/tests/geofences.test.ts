import { describe, expect, test } from 'vitest';
import { decodeGeofence } from '../src/api/geofences';
import { decodeImported, formatOf } from '../src/api/imports';
import {
  blank,
  canReshape,
  draftOf,
  type Faults,
  faultAt,
  faultsOf,
  featureAgain,
  featureOf,
  without,
} from '../src/geofences/draft';
import { usualExpected } from '../src/geofences/expect';
import { circleOf, ring } from '../src/map/circle';

const CENTRE = [24.943, 60.17];
const STORED = {
  id: 'port',
  type: 'Feature',
  geometry: { type: 'Point', coordinates: CENTRE },
  properties: {
    name: 'Port',
    preset: 'calm',
    radius: 60,
    dwell: 90,
    speed_limit: 13.8889,
    revision: 7,
    owner: { team: 'north' },
    categories: ['van'],
  },
};

describe('a draft', () => {
  test('a fault goes with the text it was about, and others stay', () => {
    const faults = { radius: 'too large', dwell: 'no number', form: 'refused', shape: 'crosses itself' };
    expect(without(faults, ['radius'])).toEqual({ dwell: 'no number', shape: 'crosses itself' });
    expect(without(faults, ['geometry'])).toEqual({ radius: 'too large', dwell: 'no number' });
    expect(without({ dwell: 'no number' } as Faults, ['name'])).toEqual({ dwell: 'no number' });
  });
  test('sends back what it read, and keeps what it does not know', () => {
    const { revision, ...kept } = STORED.properties;
    expect(featureOf(draftOf(decodeGeofence(STORED)))).toEqual({
      type: 'Feature',
      id: 'port',
      geometry: STORED.geometry,
      properties: kept,
    });
  });
  test('says minutes and kilometres an hour, and takes a comma', () => {
    const draft = draftOf(decodeGeofence(STORED));
    expect([draft.dwell, draft.limit]).toEqual(['1.5', '50']);
    const { properties } = featureOf({ ...draft, dwell: '2,5', limit: '', radius: ' 80 ', enabled: false });
    expect([properties['dwell'], 'speed_limit' in properties, properties['radius'], properties['enabled']]).toEqual([
      150,
      false,
      80,
      false,
    ]);
  });
  test('without a shape or with a word for a number is not sent', () => {
    expect(faultsOf(blank('polygon'))).toEqual({ shape: 'Draw it on the map first.' });
    expect(faultsOf({ ...draftOf(decodeGeofence(STORED)), dwell: 'long' })).toEqual({ dwell: 'This is not a number.' });
    expect(faultsOf(draftOf(decodeGeofence(STORED)))).toBeNull();
  });
  test('a new one has no id, and no name where none is typed', () => {
    const feature = featureOf({ ...blank('circle'), geometry: { type: 'Point', coordinates: CENTRE }, radius: '50' });
    expect(['id' in feature, feature.properties]).toEqual([
      false,
      { preset: 'balanced', radius: 50, already_inside: 'noted' },
    ]);
  });
});

test.each([
  ['properties.dwell', 'properties.dwell: too long', { dwell: 'too long' }],
  ['properties.speed_limit', 'properties.speed_limit: too fast', { limit: 'too fast' }],
  ['geometry', 'geometry: ring self-intersection at 24.94, 60.17', { shape: 'ring self-intersection at 24.94, 60.17' }],
  ['geometry.coordinates[0]', 'geometry.coordinates[0]: needs 3 points', { shape: 'needs 3 points' }],
  ['id', 'id: is taken', { form: 'id: is taken' }],
  [null, 'not now', { form: 'not now' }],
])('a refusal of %s is shown at its field', (field, message, shown) => expect(faultAt(field, message)).toEqual(shown));

describe('a circle', () => {
  test.each([
    [24.943, 60.17, 60],
    [0, 0, 5000],
    [-70.1, -53.2, 4.5],
  ])('at %f, %f of %f m comes back from its ring', (lon, lat, radius) => {
    expect(circleOf(ring([lon, lat], radius, 64))).toEqual({
      centre: [expect.closeTo(lon, 6), expect.closeTo(lat, 6)],
      radius,
    });
  });
});

describe('corners can be moved', () => {
  const square = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 0],
  ];
  test.each([
    ['of one ring', { type: 'Polygon' as const, coordinates: [square] }, true],
    ['not with a hole', { type: 'Polygon' as const, coordinates: [square, square] }, false],
    ['not of several polygons', { type: 'MultiPolygon' as const, coordinates: [[square]] }, false],
    [
      'not across 180 degrees',
      {
        type: 'Polygon' as const,
        coordinates: [
          [
            [179, 0],
            [-179, 0],
            [-179, 1],
            [179, 0],
          ],
        ],
      },
      false,
    ],
    [
      'not past 180 degrees',
      {
        type: 'LineString' as const,
        coordinates: [
          [179, 0],
          [181, 0],
        ],
      },
      false,
    ],
    [
      'not of a coast',
      { type: 'Polygon' as const, coordinates: [Array.from({ length: 600 }, (_, i) => [i / 1000, 0])] },
      false,
    ],
    ['of a circle', { type: 'Point' as const, coordinates: CENTRE }, true],
  ])('%s', (_, geometry, can) => expect(canReshape(geometry)).toBe(can));
});

test('what became of a file is told in lines', () => {
  const answer = {
    created: 2,
    replaced: 0,
    unchanged: 1,
    ids: ['a', 'b', 'c'],
    refused_count: 1,
    refused: [{ index: 3, id: null, name: 'Yard', reason: 'geometry: there is none' }],
    said: [
      { index: 0, note: 'a point', times: 3 },
      { index: null, note: 'a link', times: 1 },
    ],
  };
  expect(decodeImported(answer)).toEqual({
    created: 2,
    replaced: 0,
    unchanged: 1,
    ids: ['a', 'b', 'c'],
    refusedCount: 1,
    refused: [{ index: 3, name: 'Yard', reason: 'geometry: there is none' }],
    said: [
      { index: 0, note: 'a point', times: 3 },
      { index: null, note: 'a link', times: 1 },
    ],
  });
});

test('a file is known by its ending, and what is packed is none', () => {
  expect(['a.KML', 'b.gpx', 'c.geojson', 'd', 'e.kmz'].map(formatOf)).toEqual([
    'kml',
    'gpx',
    'geojson',
    'geojson',
    'kml',
  ]);
  expect(['roads.zip', 'b.shp', 'b.gpkg'].map(formatOf)).toEqual(['shapefile', 'shapefile', null]);
});

describe('who is inside already', () => {
  const known = (properties: Record<string, unknown>) =>
    decodeGeofence({ id: 'yard', geometry: { type: 'Point', coordinates: [1, 2] }, properties });
  test('is noted by a new one unless one says otherwise', () => {
    expect(featureOf(blank('circle')).properties['already_inside']).toBe('noted');
    expect(featureOf({ ...blank('circle'), notes: false }).properties).not.toHaveProperty('already_inside');
  });
  test('stays what was chosen', () => {
    expect(featureOf(draftOf(known({}))).properties).not.toHaveProperty('already_inside');
    expect(featureOf(draftOf(known({ already_inside: 'noted' }))).properties['already_inside']).toBe('noted');
  });
  test('does not enter one that is brought back', () => {
    expect(featureAgain(known({})).properties['already_inside']).toBe('noted');
    expect(featureAgain(known({ already_inside: 'entered' })).properties['already_inside']).toBe('entered');
  });
});

describe('who is expected', () => {
  const expected = [{ devices: ['ada'], from: '07:00', by: '08:15', zone: 'Europe/Berlin', days: ['mon'] }];
  const draft = draftOf(
    decodeGeofence({
      id: 'school',
      geometry: { type: 'Point', coordinates: [1, 2] },
      properties: { name: 'School', expect: expected },
    }),
  );
  test('goes back as it was read', () => expect(featureOf(draft).properties['expect']).toEqual(expected));
  test('is not sent where it names nobody', () => {
    expect(featureOf({ ...draft, expect: [usualExpected()] }).properties).not.toHaveProperty('expect');
    expect(featureOf({ ...draft, expect: [] }).properties).not.toHaveProperty('expect');
  });
  test('is refused at its own field', () =>
    expect(faultAt('properties.expect[0].by', 'properties.expect[0].by: not a time')).toHaveProperty('expect'));
});
