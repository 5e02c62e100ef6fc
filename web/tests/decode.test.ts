import { describe, expect, test } from 'vitest';
import VECTORS from '../../docs/vectors/positions.json';
import { BadFrame, decode, decodeColumns } from '../src/live/decode';
import { Status } from '../src/live/frames';

/** Two positions as the server packs them, byte by byte: written by hand from the contract, not by an encoder of ours. */
const TWO = bytes(`
  02 00 00 00  02 00 00 00  00 88 B6 B1 9A 01 00 00
  07 00 00 00  FF 01 00 00
  70 04 6D 04  00 D3 C4 94
  48 CC 11 1A  80 1D 2C E7
  7B 00 00 00  FF FF FF FF
  D8 04 FF FF
  DC 69 FF FF
  02 01 00 00
  53 FF 00 00
`);

function bytes(hex: string): ArrayBuffer {
  return Uint8Array.from(hex.trim().split(/\s+/), (byte) => parseInt(byte, 16)).buffer;
}

describe('binary positions', () => {
  test('every column is read where the contract puts it', () => {
    const columns = decodeColumns(TWO);
    expect(columns.count).toBe(2);
    expect(columns.base).toBe(0x019ab1b68800);
    expect([...columns.slot]).toEqual([7, 511]);
    expect([...columns.lonE7]).toEqual([74253424, -1799040256]);
    expect([...columns.latE7]).toEqual([437374024, -416539264]);
    expect([...columns.dt]).toEqual([123, -1]);
    expect([...columns.speed]).toEqual([1240, 65535]);
    expect([...columns.heading]).toEqual([27100, 65535]);
    expect([...columns.status]).toEqual([Status.Moving, Status.Stopped]);
    expect([...columns.battery]).toEqual([83, 255]);
  });

  test('nothing moved is a frame too', () => {
    expect(decodeColumns(bytes('02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00')).count).toBe(0);
  });

  test.each([
    ['cut short', TWO.slice(0, TWO.byteLength - 1)],
    ['too long', new Uint8Array([...new Uint8Array(TWO), 0]).buffer],
    ['another kind', bytes('01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00')],
    ['no header', new ArrayBuffer(3)],
  ])('%s is refused', (_, data) => {
    expect(() => decodeColumns(data)).toThrow(BadFrame);
  });
});

describe('JSON frames', () => {
  test('a snapshot in parts says when it is whole', () => {
    expect(decode('{"type":"snapshot","more":true,"positions":[]}')).toEqual({
      kind: 'snapshot',
      positions: [],
      more: true,
    });
    expect(decode('{"type":"positions","positions":[]}')).toEqual({
      kind: 'positions',
      positions: [],
      complete: false,
    });
    expect(decode('{"type":"positions","complete":true,"positions":[]}')).toEqual({
      kind: 'positions',
      positions: [],
      complete: true,
    });
  });

  test('a position of the contract', () => {
    const frame = decode(
      '{"type":"snapshot","positions":[{"slot":7,"device":"van-12","name":"Van 12","category":"van",' +
        '"at":"2026-11-23T10:00:00.123Z","received_at":"2026-11-23T10:00:00.200Z","lon":7.4246,"lat":43.7384,"speed":12.4,' +
        '"heading":271.0,"accuracy":8.0,"battery":0.83,"status":"moving","geofences":["port"],"new_field":1}]}',
    );
    expect(frame).toEqual({
      kind: 'snapshot',
      more: false,
      positions: [
        {
          slot: 7,
          id: 'van-12',
          name: 'Van 12',
          category: 'van',
          at: Date.UTC(2026, 10, 23, 10, 0, 0, 123),
          receivedAt: Date.UTC(2026, 10, 23, 10, 0, 0, 200),
          lonE7: 74246000,
          latE7: 437384000,
          speed: 12.4,
          heading: 271,
          accuracy: 8,
          battery: 0.83,
          status: Status.Moving,
          geofences: ['port'],
        },
      ],
    });
  });

  test('what is null or absent is unknown', () => {
    const frame = decode(
      '{"type":"positions","positions":[{"slot":1,"device":"a","at":"2026-11-23T10:00:00Z","lon":0,"lat":0,"speed":null}]}',
    );
    if (frame.kind !== 'positions') throw new Error(frame.kind);
    const [position] = frame.positions;
    expect(position).toMatchObject({ speed: NaN, heading: NaN, status: Status.Unknown, geofences: null, name: null });
  });

  test('a type of a newer server is no error', () => {
    expect(decode('{"type":"weather"}')).toEqual({ kind: 'other', type: 'weather' });
  });

  test.each([
    '',
    'null',
    '[]',
    '{"type":"positions"}',
    '{"type":"positions","positions":[{"slot":1,"device":"a"}]}',
    '{"type":"event","event":{}}',
  ])('%s is refused', (text) => expect(() => decode(text)).toThrow(BadFrame));
});

describe('the test vectors of the contract', () => {
  test.each(VECTORS.vectors)('$name', ({ hex, json }) => {
    const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
    const columns = decodeColumns(bytes.buffer);
    const status = { unknown: Status.Unknown, stopped: Status.Stopped, moving: Status.Moving } as Record<
      string,
      Status
    >;
    expect(columns.count).toBe(json.positions.length);
    json.positions.forEach((said, row) => {
      expect(columns.base + columns.dt[row]!).toBe(Date.parse(said.at));
      expect([columns.slot[row], columns.lonE7[row], columns.latE7[row]]).toEqual([
        said.slot,
        Math.round(said.lon * 1e7),
        Math.round(said.lat * 1e7),
      ]);
      expect([columns.speed[row], columns.heading[row]]).toEqual([
        said.speed === null ? 65535 : said.speed * 100,
        said.heading === null ? 65535 : said.heading * 100,
      ]);
      expect([columns.status[row], columns.battery[row]]).toEqual([
        status[said.status],
        said.battery === null ? 255 : said.battery * 100,
      ]);
    });
  });
});
