/** What is said of who watches, in English; the dashboard's and the phone page's texts take it in. */

export const watching = {
  maySee: 'May see it now',
  nobody: 'Nobody else.',
  program: 'a program',
  roles: {
    viewer: 'viewer',
    dispatcher: 'dispatcher',
    manager: 'manager',
    owner: 'owner of this server',
    admin: 'program of the owner',
  } as Record<string, string>,
  link: (name: string) => `Whoever has the link${name ? ` “${name}”` : ''}`,
  until: (moment: string) => `until ${moment}`,
  looked: 'Looked where it had been',
  byLink: (address: string) => `by a link, from ${address}`,
  nobodyLooked: 'Nobody yet.',
  operator: 'Whoever runs the database of this server can read everything in it.',
};

export type WatchingWords = typeof watching;
