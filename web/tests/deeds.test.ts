import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decodeGeofence } from '../src/api/geofences';
import { Deeds } from '../src/geofences/deeds';
import { told } from '../src/geofences/told';
import { geofences, me, notice, pane } from '../src/state';

const PORT = {
  id: 'port',
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [24.943, 60.17] },
  properties: { name: 'Port', preset: 'calm', radius: 60, revision: 7 },
};
const FENCE = decodeGeofence(PORT);
type Lost = 'before' | 'after'; // the server has heard it

/** The part of a server that holds one geofence and groups. `loses`: of the next requests of a method, by which end. */
class Server {
  fence: typeof PORT | null = PORT;
  groups = ['north', 'east'];
  holders = ['north'];
  loses: [string, Lost][] = [];
  refuses: number | null = null; // what POST answers

  async answer(address: string, { method = 'GET', body }: RequestInit = {}): Promise<Response> {
    const lost = this.loses[0]?.[0] === method ? this.loses.shift()![1] : null;
    if (lost === 'before') throw new TypeError('Failed to fetch');
    const answer = this.take(method, new URL(address), body as string);
    if (lost === 'after') throw new TypeError('Failed to fetch');
    return answer;
  }

  private take(method: string, { pathname, searchParams }: URL, body: string): Response {
    const said = (status: number, content: object = {}) => new Response(JSON.stringify(content), { status });
    if (method === 'GET' && pathname === '/api/groups') {
      const held = this.fence ? this.holders : [];
      const groups = searchParams.has('geofence') ? held : this.groups;
      return said(200, { groups: groups.map((id) => ({ id, name: id.toUpperCase() })), next: null });
    }
    if (method === 'PUT') {
      this.holders.push(pathname.split('/')[3]!);
      return said(200);
    }
    if (method === 'POST') {
      if (this.refuses !== null) return said(this.refuses, { detail: 'no' });
      this.fence = { ...(JSON.parse(body) as typeof PORT), properties: { ...PORT.properties, revision: 8 } };
      this.holders = [searchParams.get('group')].filter((each) => each !== null);
      return said(201, this.fence);
    }
    if (!this.fence) return said(404, { detail: 'gone' });
    if (method === 'GET') return said(200, this.fence);
    this.fence = null;
    return said(200);
  }
}

let server: Server;
beforeEach(() => {
  server = new Server();
  vi.stubGlobal('fetch', (address: string, init: RequestInit) => server.answer(address, init));
  vi.stubGlobal('document', { baseURI: 'http://here/' });
});
afterEach(() => {
  vi.unstubAllGlobals();
  me.value = null;
  notice.value = '';
});

function manage(...ids: string[]): void {
  const groups = ids.map((id) => ({ id, name: id, role: 'manager' }));
  me.value = { kind: 'person', owner: false, groups } as unknown as NonNullable<typeof me.value>;
}

describe('a deletion whose answer was lost', () => {
  test('is done where the geofence is gone, and comes back into its groups', async () => {
    const deeds = new Deeds();
    server.loses = [['DELETE', 'after']];
    await deeds.remove(FENCE);
    expect(deeds.last.value).toEqual({ before: FENCE, after: null });
    await deeds.undo();
    expect(server.fence?.id).toBe('port');
    expect(new Set(server.holders)).toEqual(new Set(['north']));
  });

  test('can be taken again where nothing could be asked either', async () => {
    const deeds = new Deeds();
    server.loses = [['DELETE', 'after']];
    const { answer } = server;
    let asked = 0;
    server.answer = (
      address,
      init, // what is asked after the deletion has no answer
    ) =>
      init?.method === 'GET' && ++asked > 1 ? Promise.reject(new TypeError('no')) : answer.call(server, address, init);
    await expect(deeds.remove(FENCE)).rejects.toThrow(TypeError);
    expect(server.fence).toBeNull();
    server.answer = answer;
    await deeds.remove(FENCE);
    expect(deeds.last.value).toEqual({ before: FENCE, after: null });
    await deeds.undo();
    expect(new Set(server.holders)).toEqual(new Set(['north']));
  });

  test('is not done where the server never heard it', async () => {
    const deeds = new Deeds();
    server.loses = [['DELETE', 'before']];
    await expect(deeds.remove(FENCE)).rejects.toThrow(TypeError);
    expect(deeds.last.value).toBeNull();
    expect(await deeds.undo()).toBeUndefined();
  });

  test('a geofence that somebody else deleted was not deleted here', async () => {
    const deeds = new Deeds();
    server.fence = null;
    await expect(deeds.remove(FENCE)).rejects.toMatchObject({ status: 404 });
    expect(await deeds.undo()).toBeUndefined();
  });
});

describe('what lost all its groups', () => {
  test('is said to be in another once it is there, not before', async () => {
    const deeds = new Deeds();
    manage('east');
    await deeds.remove(FENCE);
    server.groups = ['east'];
    server.refuses = 503;
    await expect(deeds.undo()).rejects.toMatchObject({ status: 503 });
    expect(notice.value).toBe('');
    server.refuses = null;
    await deeds.undo();
    expect(server.holders).toContain('east');
    expect(notice.value).toContain('EAST');
  });
});

describe('a step that is refused', () => {
  const lost = new TypeError('Failed to fetch');
  test('is said over the map where nothing else would say it', () => {
    manage('east');
    pane.value = 'devices';
    geofences.value = [];
    expect(told(lost, false)).toEqual({});
    expect(notice.value).not.toBe('');
  });
  test('is said in the list of who has one, and in the form', () => {
    pane.value = 'geofences';
    me.value = { kind: 'admin', owner: false, groups: [] } as unknown as NonNullable<typeof me.value>;
    pane.value = 'geofences';
    expect(told(lost, false)['form']).toBeTruthy();
    expect(told(lost, true)['form']).toBeTruthy();
    pane.value = 'devices';
    expect(notice.value).toBe('');
    expect(told(lost, false)).toEqual({});
  });
});
