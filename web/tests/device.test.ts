import { expect, test } from 'vitest';
import { ApiError } from '../src/api/call';
import { readHistory } from '../src/charts/history';
import { readChange } from '../src/panels/change';
import { listContents } from '../src/panels/contents';

const HEAD = 'at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags\r\n';

test('a history is the columns of its CSV, without places where it was not', () => {
  const csv = `${HEAD}2026-11-23T10:00:00.000Z,24.94,60.17,5,12.5,3,90,0.8,2026-11-23T10:00:01.000Z,\r\n2026-11-23T10:00:05.000Z,0,0,,,,,,2026-11-23T10:00:06.000Z,null_island\r\n2026-11-23T10:00:10.000Z,24.95,60.18,,,,,,2026-11-23T10:00:11.000Z,late\r\n`;
  expect(readHistory(csv)).toEqual({
    at: [Date.UTC(2026, 10, 23, 10), Date.UTC(2026, 10, 23, 10, 0, 10)],
    lon: [24.94, 24.95],
    lat: [60.17, 60.18],
    altitude: [12.5, null],
    speed: [3, null],
    battery: [0.8, null],
  });
  expect(readHistory(HEAD).at).toEqual([]);
});

test('of a long history every n-th fix is kept, and the last', () => {
  const line = (i: number) => `${new Date(1_000 * i).toISOString()},1,2,,,${i},,,x,\r\n`;
  const { speed } = readHistory(HEAD + Array.from({ length: 10_001 }, (_, i) => line(i)).join(''));
  expect(speed.length).toBeLessThan(4_002);
  expect([speed[0], speed.at(-1)]).toEqual([0, 10_000]);
});

test('what is typed is what is sent, and what is no number or no name is said at its field', () => {
  const typed = { name: ' Van 12 ', category: '', interval: '2,5', color: '#c62a2f', icon: 'van', notes: 'key: Ada' };
  expect(readChange(typed)).toEqual({ ...typed, name: 'Van 12', interval: 2.5 });
  expect(readChange({ ...typed, interval: '' })).toMatchObject({ interval: 0 });
  for (const [field, value] of [
    ['name', '  '],
    ['interval', 'soon'],
  ] as const) {
    const refused = readChange({ ...typed, [field]: value });
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).field).toBe(field);
  }
});

test('what goes with a device is counted in words', () => {
  expect(listContents({ fixes: 0, first: null, events: 0, messages: 0, pairs: 0 })).toBe('Nothing is stored of it.');
  const many = listContents({ fixes: 1_000_000, first: 0, events: 12, messages: 0, pairs: 1 });
  expect(many).toContain('1,000,000 positions or more');
  expect(many).toContain('12 events, 1 pair');
});
