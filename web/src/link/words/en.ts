/** All texts of the page of a sharing link. */
export const en = {
  title: 'Shared position',
  opening: 'Opening…',
  noCode: 'This address is not complete. Ask for the whole link.',
  ended: 'This link has ended, or never was. Nothing is shown any more.',
  full: 'As many are looking at this link as may. Trying again…',
  offline: 'No connection. Trying again…',
  foreign: 'This link may not be shown inside other pages. Open it by itself.',
  protected: 'This link asks for a password.',
  password: 'Password',
  wrong: 'That is not the password.',
  later: (seconds: string) => `Too many tries. Wait ${seconds} s.`,
  open: 'Open',
  until: (moment: string) => `until ${moment}`,
  live: 'Live',
  past: 'The past, not live',
  lost: 'No connection: what you see may be old',
  delayed: (time: string) => `${time} behind`,
  blurred: (metres: string) => `only the area, about ${metres}`,
  hides: 'some places are not shown',
  nothing: 'Nothing to see yet. Who is shared has not been heard of, or is at a place that is not shown.',
  ago: (time: string) => `${time} ago`,
  now: 'just now',
  noMap: 'This browser draws no map.',
  places: (lat: string, lon: string) => `${lat}, ${lon}`,
};

export type Words = typeof en;
