import type { Position } from 'geojson';
import { describe, expect, test } from 'vitest';
import { findCrossings } from '../src/geofences/crossing';
import { History } from '../src/geofences/history';
import { decodeEvent } from '../src/live/decode';
import { arrange, held, inOrder } from '../src/panels/order';
import { ANY_EVENT } from '../src/state';

describe('history', () => {
  test('goes back and forth, and a new change ends what lay ahead', () => {
    const history = new History<string>();
    history.note('a', 'name', 0);
    history.note('b', 'shape', 10);
    expect([history.back('c'), history.back('b'), history.back('a')]).toEqual(['b', 'a', null]);
    expect([history.forth('a'), history.forth('b'), history.forth('c')]).toEqual(['b', 'c', null]);
    history.back('c');
    history.note('b', 'name', 20);
    expect([history.canGoForth, history.back('d')]).toEqual([false, 'b']);
  });

  test('letters typed one after the other are one step, until one pauses', () => {
    const history = new History<string>();
    history.note('', 'name', 0);
    history.note('P', 'name', 200);
    history.note('Po', 'name', 400);
    history.note('Por', 'name', 5_000);
    expect([history.back('Port'), history.back('Por'), history.canGoBack]).toEqual(['Por', '', false]);
  });
});

describe('crossings', () => {
  const bow: Position[] = [
    [0, 0],
    [2, 2],
    [2, 0],
    [0, 2],
    [0, 0],
  ];
  test('a bow tie is marked where it crosses', () => expect(findCrossings(bow)).toEqual([[1, 1]]));
  test('a square, a line, and nothing do not cross', () => {
    const square = [bow[0]!, [2, 0], [2, 2], [0, 2], bow[0]!];
    expect([findCrossings(square), findCrossings(bow.slice(0, 2)), findCrossings([])]).toEqual([[], [], []]);
  });
});

describe('the feed', () => {
  const event = (id: number, at: string, type = 'enter') => decodeEvent({ id, type, device: 'a', at });
  const all = [
    event(9, '2026-11-23T10:00:05Z'),
    event(8, '2026-11-23T10:00:20Z', 'exit'),
    event(7, '2026-11-23T10:00:10Z'),
  ];
  const ids = (events: readonly { id: number }[]) => events.map(({ id }) => id);

  test('is in the order of time, not of numbers, and each is there once', () => {
    expect(ids(inOrder([...all, all[0]!], ANY_EVENT))).toEqual([8, 7, 9]);
  });
  test.each([
    [{ kind: 'exit' }, [8]],
    [{ device: 'a' }, [8, 7, 9, 6]],
    [{ device: 'b' }, [6]], // an event of two is one of either
    [{ geofence: 'port' }, [6]],
    [{ geofence: 'port', kind: 'enter' }, []],
  ])('tells of what one asks for: %o', (part, expected) => {
    const near = { id: 6, type: 'near', device: 'a', geofence: 'port', at: '2026-11-23T10:00:00Z' };
    const given = [...all, decodeEvent({ ...near, evidence: { other: 'b' } })];
    expect(ids(inOrder(given, { ...ANY_EVENT, ...part }))).toEqual(expected);
  });
  test('what comes while one reads waits, and nothing is missing after', () => {
    const { shown, waiting } = held(inOrder(all, ANY_EVENT), 7);
    expect([ids(shown), waiting, held(all, null).waiting]).toEqual([[7], 2, 0]);
  });
  test('what lies under the open one is moved by its evidence', () => {
    expect(arrange(all, ({ id }) => id === 9, 8, 100)).toEqual([0, 50, 184, 218]);
  });
});
