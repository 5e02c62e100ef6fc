import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fetchGeofences, replaceGeofence, revisionOf } from '../src/api/geofences';
import { Deeds } from '../src/geofences/deeds';
import { Importing } from '../src/geofences/importing';
import type { Live } from '../src/live';
import { quietly } from '../src/quietly';
import { geofences, me, notice } from '../src/state';

/** The geofences of a server, by id: their names and revisions. Answers as the HTTP interface does. */
let stored: Map<string, [name: string, revision: number]>;
let revision: number;
let isDeaf: boolean;
let holding: Map<string, Set<string>>; // groups, by what they hold
let lost: Map<string, number>; // groups that were deleted, or may be seen only, and how those refuse
let unanswered: string; // a group that what is put into it reaches, and no answer comes back
let meanwhile: () => void; // what a colleague does just before the file comes in

const feature = (id: string) => ({
  type: 'Feature',
  id,
  geometry: { type: 'Point', coordinates: [24.9, 60.2] },
  properties: { name: stored.get(id)![0], radius: 60, revision: stored.get(id)![1] },
});

function save(id: string, name: string): void {
  stored.set(id, [name, ++revision]);
}

function hold(group: string, id: string): void {
  holding.set(id, new Set([...(holding.get(id) ?? []), group]));
}

function takeIn(names: Record<string, string>): object {
  meanwhile();
  const there = Object.keys(names).filter((id) => stored.has(id)).length;
  for (const [id, name] of Object.entries(names)) save(id, name);
  const ids = Object.keys(names);
  return { created: ids.length - there, replaced: there, unchanged: 0, ids, refused: [], refused_count: 0, said: [] };
}

function answer(url: string, request: RequestInit): [number, object] {
  const { pathname, searchParams } = new URL(url);
  const [, , kind, id, , member] = pathname.split('/');
  if (isDeaf) return [503, {}];
  if (kind === 'groups') {
    if (id && lost.has(id)) return [lost.get(id)!, { detail: 'not there' }];
    if (id) hold(id, member!);
    if (id && id === unanswered) throw new TypeError('Failed to fetch');
    const there = ['north', 'night', 'west'].filter((each) => lost.get(each) !== 404);
    const held = searchParams.get('geofence');
    const holders = held === null ? there : [...(holding.get(held) ?? [])];
    return [200, { groups: holders.map((each) => ({ id: each, name: each })), next: null }];
  }
  if (request.method === 'GET') return [200, id ? feature(id) : { features: [...stored.keys()].map(feature) }];
  const text = request.body as ArrayBuffer | string;
  const given = JSON.parse(
    typeof text === 'string' ? text : new TextDecoder().decode(text ?? new ArrayBuffer()) || '{}',
  );
  if (id === 'import') return [200, takeIn(given)];
  if (request.method === 'POST') {
    if (lost.has(searchParams.get('group') ?? '')) return [422, { detail: 'no such group' }];
    if (me.peek()?.kind === 'person' && !searchParams.has('group')) return [422, { detail: 'in which group?' }];
    if (stored.has(given.id)) return [409, { detail: 'there is one already' }];
    save(given.id, given.properties.name);
    if (searchParams.has('group')) hold(searchParams.get('group')!, given.id);
    return [201, feature(given.id)];
  }
  if (!id || !stored.has(id)) return [404, { detail: 'gone' }];
  const match = (request.headers as Record<string, string>)['If-Match'];
  if (match !== `"${stored.get(id)![1]}"`) return [409, { detail: 'another by now' }];
  if (request.method === 'DELETE') stored.delete(id) && holding.delete(id);
  else save(id, given.properties.name);
  return [200, request.method === 'DELETE' ? {} : feature(id)];
}

const live = {
  readGeofences: () => quietly(async () => void (geofences.value = await fetchGeofences())),
  view: { peek: () => null },
} as unknown as Live;

async function imported(names: Record<string, string>): Promise<Importing> {
  const importing = new Importing(live);
  const file = new File([JSON.stringify(names)], 'zones.geojson');
  const report = { created: 0, replaced: 0, unchanged: 0, ids: [], refused: [], refusedCount: 0, said: [] };
  importing.preview.value = { file, reading: { format: 'geojson', group: undefined }, report, proposed: [] };
  await importing.takeIn();
  return importing;
}

const names = () => Object.fromEntries([...stored].map(([id, [name]]) => [id, name]));

beforeEach(() => {
  [stored, holding, lost] = [new Map(), new Map(), new Map()];
  [revision, isDeaf, unanswered, meanwhile] = [0, false, '', () => {}];
  me.value = null;
  geofences.value = [];
  vi.stubGlobal('document', { baseURI: 'http://tracker.test/' });
  vi.stubGlobal('fetch', async (url: string, request: RequestInit) => {
    const [status, body] = answer(url, request);
    return new Response(JSON.stringify(body), { status });
  });
});
afterEach(() => vi.unstubAllGlobals());

test('an import is taken back, also what nobody here had seen before it', async () => {
  save('port', 'Made since the last look');
  const importing = await imported({ port: 'New Port', yard: 'Yard' });
  expect(names()).toEqual({ port: 'New Port', yard: 'Yard' });
  await importing.takeBack();
  expect(names()).toEqual({ port: 'Made since the last look' });
  expect(importing.fault.peek()).toBe('');
});

test('what somebody changed since the import stays as they made it, and that is said', async () => {
  save('port', 'Old Port');
  save('gate', 'Old Gate');
  const importing = await imported({ port: 'New Port', gate: 'New Gate', yard: 'Yard', hall: 'Hall' });
  save('port', 'Theirs');
  save('yard', 'Theirs too');
  stored.delete('gate');
  stored.delete('hall');
  await live.readGeofences(); // as the page does by itself
  await importing.takeBack();
  expect(names()).toEqual({ port: 'Theirs', yard: 'Theirs too' });
  expect(importing.fault.peek()).toContain('3 of them');
});

test.each([
  ['nobody answers what is there', () => (isDeaf = true)],
  ['somebody makes one of them just then', () => save('yard', 'Theirs')],
])('no undo is offered where %s', async (_, befalls) => {
  meanwhile = befalls;
  const importing = await imported({ yard: 'Yard' });
  expect(importing.done.peek()).toMatchObject({ report: { ids: ['yard'] }, undo: null });
});

describe('what was saved and deleted', () => {
  const find = async (id: string) => (await fetchGeofences()).find((fence) => fence.id === id) ?? null;
  const rename = async (deeds: Deeds, name: string) => {
    const before = (await find('port'))!;
    const feature = { type: 'Feature' as const, id: 'port', geometry: before.geometry, properties: { name } };
    deeds.did(before, await replaceGeofence('port', feature, revisionOf(before)));
  };
  const remove = async (deeds: Deeds) => {
    const before = await find('port');
    stored.delete('port');
    deeds.did(before, null);
  };

  test('is undone and redone, step by step, through a deletion', async () => {
    save('port', 'one');
    const deeds = new Deeds();
    await rename(deeds, 'two');
    await rename(deeds, 'three');
    await remove(deeds);
    const seen: (string | undefined)[] = [];
    const step = async (way: 'undo' | 'redo') => {
      await deeds[way]();
      seen.push(names()['port']);
    };
    for (const way of ['undo', 'undo', 'undo', 'undo', 'redo', 'redo', 'redo', 'redo', 'undo', 'undo'] as const)
      await step(way);
    const [there, gone] = [
      ['three', 'two', 'one', 'one', 'two', 'three'],
      [undefined, undefined],
    ];
    expect(seen).toEqual([...there, ...gone, 'three', 'two']);
  });

  test('comes back into the groups that it was in, also when it goes and comes again', async () => {
    save('port', 'one');
    for (const group of ['north', 'night']) hold(group, 'port');
    const deeds = new Deeds();
    await deeds.remove((await find('port'))!);
    expect(holding.get('port')).toBeUndefined();
    for (const back of [true, false, true]) {
      await (back ? deeds.undo() : deeds.redo());
      expect([...(holding.get('port') ?? [])]).toEqual(back ? ['north', 'night'] : []);
    }
  });

  test.each([
    ['was deleted, the first', 'north', 404, ['night', 'west']],
    ['was deleted, another', 'night', 404, ['north', 'west']],
    ['is not one’s own any more', 'night', 403, ['north', 'west']],
  ])('comes back also where a group meanwhile %s, and goes again', async (_, group, status, left) => {
    save('port', 'one');
    for (const each of ['north', 'night', 'west']) hold(each, 'port');
    const deeds = new Deeds();
    await deeds.remove((await find('port'))!);
    lost.set(group, status);
    expect(await deeds.undo()).toMatchObject({ name: 'one' });
    expect([...holding.get('port')!]).toEqual(left);
    expect(await deeds.redo()).toBeNull();
    expect(names()).toEqual({});
  });

  test('comes back to a manager of several where all its groups are gone, into one of theirs', async () => {
    const groups = ['west', 'night'].map((id) => ({ id, role: 'manager' }));
    me.value = { kind: 'person', name: 'Mia', person: 7, owner: false, groups };
    save('port', 'one');
    hold('north', 'port');
    const deeds = new Deeds();
    await deeds.remove((await find('port'))!);
    lost.set('north', 404);
    expect(await deeds.undo()).toMatchObject({ name: 'one' });
    expect([...holding.get('port')!]).toEqual(['west']);
    expect(notice.peek()).toContain('it is in \u2068west\u2069 now');
  });

  test('comes back into all its groups where the answer of the first try was lost on the way', async () => {
    save('port', 'one');
    for (const each of ['north', 'night', 'west']) hold(each, 'port');
    const deeds = new Deeds();
    await deeds.remove((await find('port'))!);
    unanswered = 'north';
    await expect(deeds.undo()).rejects.toThrow('Failed to fetch');
    unanswered = '';
    expect(await deeds.undo()).toMatchObject({ name: 'one' });
    expect([...holding.get('port')!]).toEqual(['north', 'night', 'west']);
    save('port', 'theirs');
    await expect(deeds.redo()).rejects.toThrow('another by now');
    expect(names()).toEqual({ port: 'theirs' });
  });

  test('does not take for its own what somebody else has made under the same id', async () => {
    save('port', 'one');
    const deeds = new Deeds();
    await deeds.remove((await find('port'))!);
    save('port', 'theirs');
    await expect(deeds.undo()).rejects.toThrow('there is one already');
    expect(names()).toEqual({ port: 'theirs' });
  });

  test('stays as somebody else has made it since', async () => {
    save('port', 'one');
    const deeds = new Deeds();
    await rename(deeds, 'two');
    save('port', 'theirs');
    await expect(deeds.undo()).rejects.toThrow('another by now');
    expect(deeds.last.peek()).toBeNull(); // else it would offer to take back the step before
    expect(names()).toEqual({ port: 'theirs' });
    expect(await deeds.undo()).toBeUndefined();
  });

  test('can be taken back again where nobody answered', async () => {
    save('port', 'one');
    const deeds = new Deeds();
    await rename(deeds, 'two');
    await remove(deeds);
    isDeaf = true;
    await expect(deeds.undo()).rejects.toThrow();
    expect(deeds.last.peek()).not.toBeNull();
    isDeaf = false;
    expect(await deeds.undo()).toMatchObject({ name: 'two' });
    isDeaf = true;
    await expect(deeds.redo()).rejects.toThrow();
    isDeaf = false;
    expect(await deeds.redo()).toBeNull();
  });
});
