import { afterEach, describe, expect, test } from 'vitest';
import { bytes, channelFrom } from '../src/alerts/push';
import { sayRule } from '../src/alerts/rule';
import { PRESETS, presetOf } from '../src/alerts/templates';
import {
  changeKind,
  channelOf,
  newWish,
  ruleOf,
  usualQuiet,
  where,
  wishBody,
  wishFaultAt,
  wishFaults,
  wishOf,
} from '../src/alerts/wish';
import { decodeSubscription } from '../src/api/subscriptions';
import { language } from '../src/words';

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
  zone: 'Europe/Helsinki',
  language: 'de',
  channel: { kind: 'email', to: ['a@example.org', 'b@example.org'] },
};
const NAMES = {
  device: (id: string) => ({ 'van-12': 'Van 12', bus: 'Bus' })[id] ?? id,
  geofence: (id: string) => (id === 'port' ? 'Old Port' : id),
};

afterEach(() => {
  language.value = 'en';
});

/** Without the marks that keep each name by itself. */
function said(stored: object): string {
  return sayRule(decodeSubscription({ ...STORED, quiet: null, categories: null, ...stored }), NAMES).replace(
    /[\u2068\u2069]/g,
    '',
  );
}

describe('a subscription', () => {
  test('goes back as it was read', () => {
    const draft = wishOf(decodeSubscription(STORED));
    const { name, types, geofences, categories, quiet, cooldown, group, zone, language, channel } = STORED;
    expect({ ...wishBody(draft), channel: channelOf(draft) }).toEqual({
      name,
      types,
      geofences,
      devices: [],
      categories,
      quiet,
      cooldown,
      group,
      zone,
      language,
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
  test.each([
    [{}, 'When a device enters or stays in Old Port, write to a@example.org, b@example.org.'],
    [
      {
        types: ['enter', 'exit'],
        devices: ['van-12', 'bus'],
        geofences: null,
        channel: { kind: 'webpush', endpoint: '' },
      },
      'When Van 12 or Bus enters or leaves a geofence, notify a browser.',
    ],
    [
      { types: null, geofences: ['a', 'b', 'c', 'd'], channel: { kind: 'mqtt', topic: 't' } },
      'When anything happens to a device in one of 4 geofences, publish to t.',
    ],
    [
      { types: ['sos', 'sneezed'], geofences: null, categories: ['van'], channel: { kind: 'pigeon' } },
      'When a device of the category van calls for help or sneezed, pigeon.',
    ],
    [
      { types: ['exit'], quiet: { ...STORED.quiet, then: 'hold' } },
      'When a device leaves Old Port, except from 22:00 to 07:00 on Mon (sent afterwards), write to a@example.org, b@example.org.',
    ],
  ])('is one sentence: %j', (stored, sentence) => expect(said(stored)).toBe(sentence));
  test('is one sentence in German, where verbs come last and a preposition bends what follows', () => {
    language.value = 'de';
    expect(said({ types: ['enter', 'exit', 'dwell', 'offline'], devices: ['van-12'] })).toBe(
      'Wenn Van 12 Old Port betritt oder verlässt, in Old Port bleibt oder offline geht, dann geht eine E-Mail an a@example.org, b@example.org.',
    );
    expect(said({ types: null, geofences: null })).toBe(
      'Wenn mit einem Gerät irgendetwas geschieht, dann geht eine E-Mail an a@example.org, b@example.org.',
    );
  });
  test('is a sentence while it is written, without an address as well', () => {
    expect(sayRule(ruleOf(newWish()), NAMES)).toBe('When a device enters or leaves a geofence, post to an address.');
  });
  test('a name in it is set apart, and none is taken for a place to fill', () => {
    const named = sayRule(decodeSubscription({ ...STORED, devices: ['{where}'] }), NAMES);
    expect(named).toContain('\u2068{where}\u2069 enters');
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

describe('the text of a webhook', () => {
  test.each(PRESETS)('for $name is JSON that is known again, also with an own chat', ({ id, template }) => {
    expect(() => JSON.parse(template)).not.toThrow();
    expect(presetOf(template.replace('CHAT', '-100200').replace('TOPIC', 'my-vans'))).toBe(id);
  });
  test('of one\u2019s own is neither', () => expect([presetOf(''), presetOf('{title}')]).toEqual(['', 'own']));
  test('goes with the channel', () =>
    expect(channelOf({ ...newWish(), url: ' https://x.org ', template: '{title}' })).toEqual({
      kind: 'webhook',
      url: 'https://x.org',
      template: '{title}',
    }));
});

test('what people read is gathered for a minute, unless somebody said otherwise', () => {
  expect(newWish(true).group).toBe('60');
  expect(changeKind(newWish(), 'email').group).toBe('60');
  expect(changeKind({ ...newWish(), group: '60' }, 'webhook').group).toBe('');
  expect(changeKind({ ...newWish(), group: '5' }, 'email').group).toBe('5');
});
