/** The texts of what others see of a device, by a link too, and of who watches, in English. */

import { watching } from '../watching/en';

export const hide = {
  hide: {
    title: 'What others see',
    vague: (until: string | null) =>
      `Vague${until === null ? '' : ` until ${until}`}: only the square kilometre is shown.`,
    paused: (until: string | null) =>
      `Paused${until === null ? '' : ` until ${until}`}: its person does not want to be seen.`,
    ownVague: (until: string | null) =>
      `Vague to others${until === null ? '' : ` until ${until}`}: they see the square kilometre.`,
    ownPaused: (until: string | null) =>
      `Paused to others${until === null ? '' : ` until ${until}`}: they see nothing.`,
    lasts: 'For how long',
    hours: (hours: number) => (hours === 1 ? 'for 1 hour' : `for ${hours} hours`),
    beVague: 'Be vague',
    vagueHint: 'Others see the square kilometre it is in, then and later.',
    bePaused: 'Pause',
    pausedHint: 'Others see nothing of this time, then or later.',
    goOn: 'Show exactly again',
    may: (actions: readonly string[]) => `You may ${new Intl.ListFormat('en').format(actions)} it.`,
    can: { see: 'see', command: 'write to', share: 'share', devices: 'change' } as Record<string, string>,
    watchers: 'Who watches',
    ...watching,
  },
  share: {
    title: 'Share a position',
    open: 'Share',
    name: 'Name that others see',
    lasts: 'For how long',
    hours: (hours: number): string => (hours === 1 ? 'one hour' : hours === 24 ? 'one day' : 'one week'),
    place: 'Place',
    metres: (metres: number): string => (metres === 0 ? 'exact' : `only the area, ${metres} m`),
    delay: 'Delay',
    minutes: (minutes: number): string => (minutes === 0 ? 'none' : `${minutes} minutes`),
    trail: 'Trail behind it',
    trailOf: (minutes: number): string =>
      minutes === 0 ? 'none' : minutes < 60 ? `${minutes} minutes` : minutes === 60 ? 'one hour' : 'one day',
    what: 'What is shown',
    onlyThis: (name: string) => `only ${name}`,
    groupOf: (name: string) => `all of ${name}, now and later`,
    stop: 'Ends on arrival at',
    noStop: 'no place',
    hide: 'Show nothing in and near',
    hideHint: 'The geofence as it is now. The hidden area is larger than the place, and does not lie in its middle.',
    drawFirst: 'A place that is drawn as a geofence can be hidden, or end the link on arrival.',
    drawPlace: 'Draw a place to hide',
    hiddenPlace: (name: string) => `Hidden place of ${name}`,
    looks: 'Who looked',
    noLooks: 'Nobody yet.',
    lookedAt: (since: string, seen: string) => (since === seen ? since : `${since} to ${seen}`),
    password: 'Password, if you want one',
    make: 'Make the link',
    once: 'Whoever has this link sees the position, without an account. It is shown once.',
    copy: 'Copy the link',
    copied: 'Copied',
    preview: 'What others will see',
    links: 'Links of this device',
    state: (until: string, viewers: number) => `until ${until} · ${viewers} looking`,
    end: 'End',
  },
};

export type HideWords = typeof hide;
