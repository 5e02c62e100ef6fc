import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Importing } from '../src/geofences/importing';
import type { Live } from '../src/live';
import { instead } from '../src/panels/InGroup';
import { geofences, me } from '../src/state';

interface Held {
  readonly of: string; // the group and, of what is only tried, "tried"
  readonly answer: (status?: number) => void;
}

/** Requests that wait for their answer, which is given in the order that a test wants. */
let held: Held[];
let written: string[];
let drawn: number; // proposals on the map
let importing: Importing;

const live = {
  readGeofences: async () => true,
  view: { peek: () => ({ proposals: { show: (all: readonly unknown[]) => (drawn = all.length) } }) },
} as unknown as Live;

const file = (name: string) => new File(['{}'], name);
const shown = () => importing.preview.peek()?.file.name ?? null;

/** The request of this kind, once it is out. */
function request(of: string): Promise<Held> {
  return vi.waitUntil(() => held.find((each) => each.of === of), { timeout: 4_000, interval: 5 });
}

function hold(url: string): Promise<Response> {
  const { searchParams } = new URL(url);
  const isTried = searchParams.get('dry_run') === 'true';
  const of = `${searchParams.get('group')}${isTried ? ' tried' : ''}`;
  if (!isTried) written.push(of);
  const geometry = { type: 'Point', coordinates: [0, 0] };
  const feature = { type: 'Feature', id: 'a', geometry, properties: { name: 'A', radius: 60 } };
  const features = [{ index: 0, becomes: 'created', feature }];
  const body = { created: 1, replaced: 0, unchanged: 0, ids: ['a'], refused: [], refused_count: 0, said: [], features };
  return new Promise((done) => {
    const answer = (status = 200) => {
      held = held.filter((each) => each.answer !== answer);
      done(new Response(JSON.stringify(status === 200 ? body : { detail: 'slower' }), { status }));
    };
    held.push({ of, answer });
  });
}

/** A file that was looked at, for the group west. */
async function looked(): Promise<void> {
  const looking = importing.look([file('one.geojson')]);
  (await request('west tried')).answer();
  await looking;
  expect([shown(), drawn]).toEqual(['one.geojson', 1]);
}

beforeEach(() => {
  [held, written, drawn, geofences.value] = [[], [], 0, []];
  const groups = ['west', 'east', 'north'].map((id) => ({ id, role: 'manager' }));
  me.value = { kind: 'person', name: 'Mia', person: 7, owner: false, groups };
  vi.stubGlobal('document', { baseURI: 'http://tracker.test/' });
  vi.stubGlobal('fetch', hold);
  importing = new Importing(live);
});
afterEach(() => {
  me.value = null;
  vi.unstubAllGlobals();
});

test.each([200, 429])('what was closed does not come back with a late answer, %i', async (status) => {
  await looked();
  const putting = importing.putInto('east');
  const late = await request('east tried');
  expect(importing.doing.peek()).toBe('looking');
  importing.close();
  expect(importing.busy.peek()).toBe(false);
  late.answer(status);
  await putting;
  expect([shown(), drawn, importing.fault.peek()]).toEqual([null, 0, '']);
});

test('while it is taken in no other group is tried', async () => {
  await looked();
  const taking = importing.takeIn();
  const writing = await request('west');
  expect(importing.doing.peek()).toBe('writing');
  await importing.putInto('east');
  writing.answer();
  await taking;
  expect([shown(), drawn, held, importing.group.peek()]).toEqual([null, 0, [], 'west']);
  expect(importing.done.peek()).toMatchObject({ report: { created: 1 } });
});

test.each([200, 429])(
  'of two files the later is shown, also where the older is answered last, with %i',
  async (status) => {
    await looked();
    const putting = importing.putInto('east');
    const older = await request('east tried');
    held = [];
    const looking = importing.look([file('two.geojson')]);
    (await request('east tried')).answer();
    await looking;
    older.answer(status);
    await putting;
    expect([shown(), importing.fault.peek()]).toEqual(['two.geojson', '']);
  },
);

test('it is busy until the last is answered', async () => {
  await looked();
  const first = importing.putInto('east');
  const early = await request('east tried');
  const second = importing.putInto('north');
  early.answer();
  await first;
  expect([importing.busy.peek(), importing.preview.peek()?.reading.group]).toEqual([true, 'west']);
  (await request('north tried')).answer();
  await second;
  expect([importing.busy.peek(), importing.preview.peek()?.reading.group]).toEqual([false, 'north']);
});

test('it goes into the group that was previewed where another could not be tried', async () => {
  await looked();
  const putting = importing.putInto('east');
  (await request('east tried')).answer(429);
  await putting;
  expect([importing.group.peek(), importing.fault.peek()]).toEqual(['west', 'slower']);
  const taking = importing.takeIn();
  importing.group.value = 'north'; // whatever is picked meanwhile
  (await request('west')).answer();
  await taking;
  expect(written).toEqual(['west']);
});

test('what is closed before it is sent is not written, and what was sent is told', async () => {
  await looked();
  const unsent = importing.takeIn();
  importing.close();
  await unsent;
  expect([written, importing.done.peek()]).toEqual([[], null]);
  await looked();
  const sent = importing.takeIn();
  const writing = await request('west');
  importing.close();
  writing.answer();
  await sent;
  expect([written, shown(), importing.done.peek()?.report.created]).toEqual([['west'], null, 1]);
});

test('where no group is known none is picked', () => {
  const [west, east] = ['west', 'east'].map((id) => ({ id, name: id }));
  expect(instead([], 'west')).toBeNull();
  expect(instead([west!, east!], 'east')).toBeNull();
  expect(instead([west!, east!], 'north')).toBe('west');
});
