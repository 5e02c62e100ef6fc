/** A subscription as one sentence: when who does what, where, at which hours, who is told. */
import type { Channel, Quiet } from '../api/subscriptions';
import { count } from '../panels/format';
import { isolated } from '../panels/Name';
import type { Names } from '../panels/wording';
import { locale, words } from '../words';
import { type Rule, where } from './wish';

const NAMED = 3; // so many devices or geofences are named, more are counted

/** Whom it concerns, in the two cases that languages may need. */
interface Cases {
  readonly plain: string;
  readonly bound: string; // behind a preposition
}

export function sayRule(rule: Rule, names: Names): string {
  const said = words.value.alerts.rule;
  const [who, place] = [sayDevices(rule, names), sayPlaces(rule, names)];
  return fill(said.sentence, {
    when: rule.types?.length ? fill(said.happens, { who: who.plain, does: sayDeeds(rule.types, place) }) : all(),
    hours: rule.quiet ? sayHours(rule.quiet) : '',
    tell: sayChannel(rule.channel),
  });

  function all(): string {
    return fill(rule.geofences?.length ? said.anythingIn : said.anything, { whom: who.bound, where: place.bound });
  }
}

function sayDeeds(types: readonly string[], place: Cases): string {
  const { crossing, inside, alone, over, within } = words.value.alerts.rule;
  const verbs = (of: Record<string, string>) => types.filter((type) => type in of).map((type) => of[type]!);
  const [across, staying] = [verbs(crossing), verbs(inside)];
  const unknown = types.filter((type) => !(type in crossing || type in inside || type in alone)); // a newer server's
  // Where the language says both alike, as `enters or stays in F`, the place is said once.
  const placed =
    within === over
      ? [[over, [...across, ...staying], place.plain] as const]
      : [[over, across, place.plain] as const, [within, staying, place.bound] as const];
  const parts = placed
    .filter(([, all]) => all.length > 0)
    .map(([form, all, where]) => fill(form, { verbs: either(all), where }));
  return either([...parts, ...verbs(alone), ...unknown]);
}

function sayDevices({ devices, categories }: Rule, names: Names): Cases {
  const said = words.value.alerts.rule;
  if (devices?.length) {
    const many = count(devices.length);
    if (devices.length > NAMED) return { plain: said.oneOf(many), bound: said.toOneOf(many) };
    const named = either(devices.map((id) => isolated(names.device(id))));
    return { plain: named, bound: named };
  }
  if (!categories?.length) return { plain: said.anyDevice, bound: said.toAnyDevice };
  const named = either(categories.map(isolated));
  return { plain: said.ofCategory(named), bound: said.toCategory(named) };
}

function sayPlaces({ geofences }: Rule, names: Names): Cases {
  const said = words.value.alerts.rule;
  if (!geofences?.length) return { plain: said.anyGeofence, bound: said.inAnyGeofence };
  const many = count(geofences.length);
  if (geofences.length > NAMED) return { plain: said.oneOfFences(many), bound: said.inOneOfFences(many) };
  const named = either(geofences.map((id) => isolated(names.geofence(id))));
  return { plain: named, bound: named };
}

function sayHours({ from, to, days, then }: Quiet): string {
  const { rule, days: called } = words.value.alerts;
  const on = days ? rule.onDays(days.map((day) => called[day] ?? day).join(', ')) : '';
  return rule.except(from, to) + on + (then === 'hold' ? rule.afterwards : '');
}

function sayChannel(channel: Channel): string {
  const { tell, mine, somewhere } = words.value.alerts.rule;
  const to = channel.kind === 'email' && !channel.to ? mine : where(channel);
  return fill(tell[channel.kind] ?? channel.kind, { to: to ? isolated(to) : somewhere });
}

function either(all: readonly string[]): string {
  return new Intl.ListFormat(locale.value, { type: 'disjunction' }).format(all);
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}
