/** Frames of fixes, written here from the text of docs/protocol.md alone, are the bytes that the test vectors have. */

import { describe, expect, test } from 'vitest';
import VECTORS from '../../docs/vectors/fixes.json';

interface Fix {
  at: string;
  lon: number;
  lat: number;
  speed?: number;
  heading?: number;
  accuracy?: number;
  altitude?: number;
}

const NONE = 65_535;

function pack(seq: number, isBacklog: boolean, fixes: readonly Fix[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(16 + 20 * fixes.length));
  const base = Date.parse(fixes[0]!.at);
  bytes.setUint8(0, 1);
  bytes.setUint8(1, isBacklog ? 1 : 0);
  bytes.setUint16(2, fixes.length, true);
  bytes.setUint32(4, seq, true);
  bytes.setBigInt64(8, BigInt(base), true);
  let offset = 16;
  for (const value of [
    (fix: Fix) => Date.parse(fix.at) - base,
    (fix: Fix) => Math.round(fix.lon * 1e7),
    (fix: Fix) => Math.round(fix.lat * 1e7),
  ]) {
    for (const fix of fixes) {
      bytes.setInt32(offset, value(fix), true);
      offset += 4;
    }
  }
  for (const value of [
    (fix: Fix) => (fix.speed === undefined ? NONE : Math.round(fix.speed * 100)),
    (fix: Fix) => (fix.heading === undefined ? NONE : Math.round(fix.heading * 100)),
    (fix: Fix) => (fix.accuracy === undefined ? NONE : Math.round(fix.accuracy * 10)),
    (fix: Fix) => (fix.altitude === undefined ? 0x8000 : Math.round(fix.altitude)),
  ]) {
    for (const fix of fixes) {
      bytes.setUint16(offset, value(fix) & 0xffff, true);
      offset += 2;
    }
  }
  return new Uint8Array(bytes.buffer);
}

describe('the test vectors of frames of fixes', () => {
  test.each(VECTORS.vectors)('$name', ({ hex, json }) => {
    const bytes = pack(json.seq, json.lane === 'backlog', json.fixes);
    expect(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(hex);
  });
});
