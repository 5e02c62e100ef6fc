import { expect, test } from 'vitest';
import { readCamera, readFinding, writeCamera, writeFinding } from '../src/address';
import { countFilters, EVERYTHING, type Finding, fold, isFound, isNamed, sortRows } from '../src/finding';
import { DeviceTable } from '../src/live/devices';
import { Status } from '../src/live/frames';

const NOW = Date.now();

/** A device each: its category, seconds since its fix, speed, battery, geofences. */
function table(...rows: [string | null, number, number, number, string[]][]): DeviceTable {
  const devices = new DeviceTable();
  rows.forEach(([category, age, speed, battery, geofences], i) => {
    const row = devices.learn(`d${i}`, `Device ${i}`, category);
    if (Number.isNaN(age)) return;
    devices.applyPositions([
      {
        slot: i,
        id: `d${i}`,
        name: null,
        category,
        at: NOW - 1000 * age,
        receivedAt: NaN,
        lonE7: 0,
        latE7: 0,
        speed,
        heading: NaN,
        accuracy: NaN,
        battery,
        status: Status.Moving,
        geofences,
      },
    ]);
    expect(row).toBe(i);
  });
  return devices;
}

const FLEET = table(
  ['van', 10, 5, 0.9, ['port']],
  ['bike', 400, 20, 0.15, []],
  ['van', NaN, NaN, NaN, []],
  [null, 90_000, 0, NaN, ['port']],
);

test.each<[Partial<Finding>, number[]]>([
  [{}, [0, 1, 2, 3]],
  [{ category: 'van' }, [0, 2]],
  [{ inside: 'port' }, [0, 3]],
  [{ silent: 300 }, [1, 2, 3]],
  [{ faster: 20 }, [1]],
  [{ below: 20 }, [1]],
  [{ group: 'north' }, [3]],
  [{ category: 'van', silent: 300 }, [2]],
])('of %o', (part, expected) => {
  const wanted = { ...EVERYTHING, ...part };
  const found = [0, 1, 2, 3].filter((row) => isFound(FLEET, row, wanted, NOW, new Set(['d3'])));
  expect(found).toEqual(expected);
  expect(countFilters(wanted)).toBe(Object.keys(part).length);
});

test('a group whose devices are not known yet shows none, rather than all', () => {
  expect(isFound(FLEET, 0, { ...EVERYTHING, group: 'north' }, NOW, null)).toBe(false);
});

test('what is not known comes last in every order', () => {
  expect(sortRows(FLEET, [0, 1, 2, 3], 'newest')).toEqual([0, 1, 3, 2]);
  expect(sortRows(FLEET, [0, 1, 2, 3], 'oldest')).toEqual([3, 1, 0, 2]);
  expect(sortRows(FLEET, [0, 1, 2, 3], 'speed')).toEqual([1, 0, 3, 2]);
  expect(sortRows(FLEET, [2, 1], 'name')).toEqual([2, 1]);
});

test('a device is found by its name, its id and its category', () => {
  expect(['device 1', 'd1', 'bik'].every((typed) => isNamed(FLEET, 1, typed))).toBe(true);
  expect(isNamed(FLEET, 0, 'bik')).toBe(false);
});

test.each([
  ['Café', 'cafe'], // one letter, and two
  ['Cafe\u0301', 'Caf\u00e9'],
  ['Straße', 'STRASSE'],
  ['İstanbul', 'istanbul'],
  ['Москва Й', 'москва и'],
  ['Port\u200b 1', 'port 1'],
  ['ﬁre', 'fire'],
  ['Ｖａｎ １', 'van 1'],
  ['東京', '東京'],
])('%s is found by %s', (name, typed) => {
  expect(fold(name)).toContain(fold(typed));
  expect(fold('Van 1')).not.toContain(fold(typed === 'van 1' ? '東' : typed));
});

test('ten thousand are sorted and narrowed in less than a frame of a slow screen', () => {
  const many = table(
    ...Array.from({ length: 10_000 }, (_, i): [string, number, number, number, string[]] => [
      'van',
      i,
      i % 40,
      0.5,
      [],
    ]),
  );
  const rows = Array.from({ length: 10_000 }, (_, i) => i);
  const took = Math.min(
    ...[1, 2, 3].map(() => {
      const begun = performance.now();
      const found = rows.filter((row) => isFound(many, row, { ...EVERYTHING, faster: 10 }, NOW, null));
      sortRows(many, found, 'speed');
      return performance.now() - begun;
    }),
  );
  expect(took).toBeLessThan(50);
});

test.each<Partial<Finding>>([
  {},
  { order: 'speed', category: 'a&b=c', silent: 300 },
  { faster: 13.9, below: 20, group: 'g', inside: 'port' },
])('what is asked for is in the address and comes back: %o', (part) => {
  const finding = { ...EVERYTHING, ...part };
  const query = new URLSearchParams(writeFinding(finding));
  expect(query.size).toBe(Object.keys(part).length);
  expect(readFinding(new URLSearchParams(query.toString()))).toEqual(finding);
});

test('what somebody else wrote into the address is held to what there is', () => {
  const given = new URLSearchParams('order=shoes&silent=-1&faster=NaN&below=x');
  expect(readFinding(given)).toEqual(EVERYTHING);
});

test.each([
  ['24.94000,60.17000,15.00', { center: [24.94, 60.17], zoom: 15 }],
  ['24.9,60.1,99', { center: [24.9, 60.1], zoom: 20 }],
  ['24.9,99,3', null],
  ['24.9,60.1', null],
  ['a,b,c', null],
  ['1,2,3,4', null],
  [null, null],
])('a place in the address: %s', (text, camera) => {
  expect(readCamera(text)).toEqual(camera);
  if (camera && text && camera.zoom < 20) expect(writeCamera(readCamera(text)!)).toBe(text);
});
