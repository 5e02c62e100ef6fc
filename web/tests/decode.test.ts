import { describe, expect, test } from 'vitest';
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
  test('a position of the contract', () => {
    const frame = decode(
      '{"type":"snapshot","positions":[{"slot":7,"device":"van-12","name":"Van 12","category":"van",' +
        '"at":"2026-11-23T10:00:00.123Z","received_at":"2026-11-23T10:00:00.200Z","lon":7.4246,"lat":43.7384,"speed":12.4,' +
        '"heading":271.0,"accuracy":8.0,"battery":0.83,"status":"moving","geofences":["port"],"new_field":1}]}',
    );
    expect(frame).toEqual({
      kind: 'snapshot',
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
