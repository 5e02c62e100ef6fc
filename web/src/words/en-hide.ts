/** The texts of what others see of a device, and of who watches, in English. */

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
  },
};

export type HideWords = typeof hide;
