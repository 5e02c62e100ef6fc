import { describe, expect, test } from 'vitest';
import { bytes, channelFrom } from '../src/alerts/push';
import {
  channelOf,
  newWish,
  told,
  usualQuiet,
  where,
  wishBody,
  wishFaultAt,
  wishFaults,
  wishOf,
} from '../src/alerts/wish';
import { decodeSubscription } from '../src/api/subscriptions';

const STORED = {
  id: 'port',
  name: 'Port',
  enabled: true,
  reason: null,
  types: ['enter', 'dwell'],
  geofences: ['port'],
  devices: null,
  categories: ['van'],
  quiet: { from: '22:00', to: '07:00', zone: 'Europe/Helsinki', days: ['mon'], then: 'drop' },
  cooldown: 90,
  group: 30,
  max_age: 0,
  channel: { kind: 'email', to: ['a@example.org', 'b@example.org'] },
};
const NAMES = new Map([['port', 'Old Port']]);

describe('a subscription', () => {
  test('goes back as it was read', () => {
    const draft = wishOf(decodeSubscription(STORED));
    const { name, types, geofences, quiet, cooldown, group, channel } = STORED;
    expect({ ...wishBody(draft), channel: channelOf(draft) }).toEqual({
      name,
      types,
      geofences,
      devices: [],
      quiet,
      cooldown,
      group,
      channel,
    });
  });
  test('that wants all and is never quiet says so, since what is absent stays', () => {
    expect(wishBody({ ...newWish(), types: [] })).toMatchObject({
      types: [],
      geofences: [],
      devices: [],
      quiet: false,
      cooldown: 0,
      group: 0,
    });
  });
  test('is told in words', () => {
    expect(told(decodeSubscription(STORED), NAMES)).toBe(
      'Enters, Stays · \u2068Old Port\u2069 · van · quiet 22:00 to 07:00',
    );
    expect(
      told(
        decodeSubscription({ ...STORED, types: null, geofences: ['a', 'b', 'c'], categories: null, quiet: null }),
        NAMES,
      ),
    ).toBe('Everything · 3 geofences');
  });
  test('of a newer server is shown by its kind', () => expect(where({ kind: 'pigeon' })).toBe('pigeon'));
});

describe('addresses', () => {
  test.each(['a@b.org, c@d.org', 'a@b.org\nc@d.org', ' a@b.org;c@d.org ;'])('%j are two', (to) =>
    expect(channelOf({ ...newWish(), kind: 'email', to })).toEqual({ kind: 'email', to: ['a@b.org', 'c@d.org'] }),
  );
  test.each(['webhook', 'email', 'mqtt'])('a %s without one is not sent', (kind) =>
    expect(Object.keys(wishFaults({ ...newWish(), kind }))).toHaveLength(1),
  );
  test('a browser is asked for its own', () =>
    expect([channelOf({ ...newWish(), kind: 'webpush' }), wishFaults({ ...newWish(), kind: 'webpush' })]).toEqual([
      null,
      {},
    ]));
});

test.each([
  ['channel.url', 'channel.url: 10.0.0.1 is not public', { url: '10.0.0.1 is not public' }],
  ['channel.to[1]', 'channel.to[1]: not an address', { to: 'not an address' }],
  ['channel', 'channel: how?', { kind: 'how?' }],
  ['quiet.zone', 'quiet.zone: not a time zone', { quiet: 'not a time zone' }],
  [null, 'there may be 1000 subscriptions', { form: 'there may be 1000 subscriptions' }],
])('a refusal of %s is shown at its field', (field, message, shown) =>
  expect(wishFaultAt(field, message)).toEqual(shown),
);

test('quiet hours begin with the clocks of the browser', () => expect(usualQuiet().zone).not.toBe(''));

test('keys are base64url', () => expect([...bytes('-_8A')]).toEqual([251, 255, 0]));

test('a browser gives an address and two keys', () => {
  const given = { endpoint: 'https://push.example.org/1', expirationTime: null, keys: { p256dh: 'p', auth: 'a' } };
  expect(channelFrom(given)).toEqual({
    kind: 'webpush',
    endpoint: 'https://push.example.org/1',
    keys: { p256dh: 'p', auth: 'a' },
  });
});
