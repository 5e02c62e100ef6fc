import { expect, test } from 'vitest';
import { DeviceTable, NO_SLOT } from '../src/live/devices';
import { type Columns, type Position, Status } from '../src/live/frames';

const T = Date.now() - 3_600_000;

function position(id: string, slot: number, seconds: number, more: Partial<Position> = {}): Position {
  return {
    id,
    slot,
    name: `Name of ${id}`,
    category: null,
    at: T + 1000 * seconds,
    receivedAt: NaN,
    lonE7: 10,
    latE7: 20,
    speed: 5,
    heading: 90,
    accuracy: 8,
    battery: 0.5,
    status: Status.Moving,
    geofences: null,
    ...more,
  };
}

function columns(...rows: { slot: number; seconds: number; lonE7?: number }[]): Columns {
  const count = rows.length;
  return {
    base: T,
    count,
    slot: Uint32Array.from(rows, (row) => row.slot),
    lonE7: Int32Array.from(rows, (row) => row.lonE7 ?? 10),
    latE7: new Int32Array(count).fill(20),
    dt: Int32Array.from(rows, (row) => 1000 * row.seconds),
    speed: new Uint16Array(count).fill(65535),
    heading: new Uint16Array(count).fill(9000),
    status: new Uint8Array(count).fill(Status.Stopped),
    battery: new Uint8Array(count).fill(255),
  };
}

test('the newest position wins, in whatever order they come', () => {
  const table = new DeviceTable();
  table.applyPositions([position('a', 1, 5, { lonE7: 500 })]);
  table.applyPositions([position('a', 1, 3, { lonE7: 300 })]);
  expect(table.applyColumns(columns({ slot: 1, seconds: 4, lonE7: 400 }))).toBe(0);
  const row = table.row('a')!;
  expect([table.lonE7[row], table.at[row], table.previousAt[row]]).toEqual([500, T + 5000, NaN]);
  table.applyColumns(columns({ slot: 1, seconds: 6, lonE7: 600 }));
  expect([table.lonE7[row], table.status[row], table.previousAt[row]]).toEqual([600, Status.Stopped, T + 5000]);
  expect(table.newestAt).toBe(T + 6000);
});

test('a clock that ran ahead and was set right moves the marker at once', () => {
  const table = new DeviceTable();
  table.applyPositions([position('a', 1, 3600 + 540, { lonE7: 500 })]);
  table.applyPositions([position('a', 1, 3600, { lonE7: 300 })]);
  table.applyColumns(columns({ slot: 1, seconds: 3599, lonE7: 400 }));
  const row = table.row('a')!;
  expect([table.lonE7[row], table.at[row], table.previousAt[row]]).toEqual([300, T + 3_600_000, NaN]);
});

test('what a binary frame does not say is unknown, not what it was', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0)]);
  table.applyColumns(columns({ slot: 1, seconds: 1 }));
  expect([table.accuracy[0], table.speed[0], table.battery[0], table.heading[0]]).toEqual([NaN, NaN, NaN, 90]);
});

test('a slot without a name is counted and left out', () => {
  const table = new DeviceTable();
  expect(table.applyColumns(columns({ slot: 9, seconds: 0 }))).toBe(1);
  expect(table.size).toBe(0);
  table.applyNames([{ slot: 9, id: 'nine', name: 'Nine', category: null, dress: {} }]);
  expect(table.applyColumns(columns({ slot: 9, seconds: 0 }))).toBe(0);
  expect(table.name[table.row('nine')!]).toBe('Nine');
});

test('a snapshot hides what is not in it, and gone hides by name', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0), position('b', 2, 0), position('c', 3, 0)]);
  table.takeChanged();
  table.applySnapshot([position('b', 2, 0), position('c', 3, 0)]);
  expect(table.shownCount()).toBe(2);
  expect([...table.takeChanged()].sort()).toEqual([0, 1, 2]);
  table.hide(['c', 'never heard of']);
  expect(table.shownCount()).toBe(1);
  expect(table.takeChanged()).toEqual([2]);
});

test('a changed row is handed out once', () => {
  const table = new DeviceTable();
  for (let second = 0; second < 5; second++) table.applyPositions([position('a', 1, second)]);
  expect(table.takeChanged()).toEqual([0]);
  expect(table.takeChanged()).toEqual([]);
});

test('ten thousand devices keep their rows while the table grows', () => {
  const table = new DeviceTable();
  table.applySnapshot(Array.from({ length: 10_000 }, (_, i) => position(`d${i}`, i + 7, 0, { lonE7: i })));
  expect(table.size).toBe(10_000);
  expect(table.lonE7[table.row('d9999')!]).toBe(9999);
  expect(table.takeChanged().length).toBe(10_000);
});

test('another life of the server may give a slot to another device', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0), position('b', 2, 0)]);
  table.forgetSlots();
  table.applySnapshot([position('a', 2, 1), position('b', 1, 1)]);
  table.applyColumns(columns({ slot: 1, seconds: 2, lonE7: 777 }));
  expect(table.lonE7[table.row('b')!]).toBe(777);
});

test('a deleted device loses its marker and its slot', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0), position('b', 2, 0)]);
  table.retain(new Set(['b']));
  expect([table.row('a'), table.shown[0], table.slot[0]]).toEqual([undefined, 0, NO_SLOT]);
  expect(table.applyColumns(columns({ slot: 1, seconds: 1 }))).toBe(1);
});

test('entering and leaving keep the list of geofences', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0, { geofences: ['port'] })]);
  table.cross('a', 'depot', 'enter');
  table.cross('a', 'port', 'exit');
  table.cross('a', 'depot', 'enter');
  expect(table.inside[0]).toEqual(['depot']);
});

test('a slot that means another device now takes the marker of the one before', () => {
  const table = new DeviceTable();
  table.applySnapshot([position('a', 1, 0)]);
  table.applyPositions([position('b', 1, 1)]);
  expect([table.shown[table.row('a')!], table.shown[table.row('b')!]]).toEqual([0, 1]);
});

test('a change of how one is told from others is taken over, and what is not said of it stays', () => {
  const table = new DeviceTable();
  const name = { slot: 3, id: 'van', name: 'Van', category: null };
  table.applyNames([{ ...name, dress: { color: '#112233', photo: 'a' } }]);
  const row = table.row('van')!;
  const { namesVersion } = table;
  table.applyNames([{ ...name, dress: {} }]);
  expect([table.color[row], table.photo[row], table.namesVersion]).toEqual(['#112233', 'a', namesVersion]);
  table.applyNames([{ ...name, dress: { color: '#112233', icon: null, photo: 'b' } }]);
  expect([table.photo[row], table.namesVersion]).toEqual(['b', namesVersion + 1]);
});
