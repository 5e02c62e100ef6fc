/** The texts of drawing in English: the form of a geofence, and what one would have told of the past. */

export const drawing = {
  drawing: {
    new: { polygon: 'New polygon', circle: 'New circle', corridor: 'New corridor' },
    newGeofence: 'New geofence',
    edit: 'Edit geofence',
    editNamed: (name: string) => `Edit ${name}`,
    how: {
      polygon: 'Click its corners on the map; Enter or a click on the last one closes it.',
      circle: 'Click its middle on the map, then its edge.',
      corridor: 'Click along the way on the map; Enter or a click on the last place ends it.',
    },
    move: {
      polygon:
        'Drag a corner to move it, a point between two to add one, the inside to move it all. A right click takes a corner away.',
      circle: 'Drag the edge to change its size, the inside to move it.',
      corridor: 'Drag a corner to move it, a point between two to add one. A right click takes a corner away.',
    },
    escape: 'Esc gives up.',
    inMiddle: 'Put it in the middle of the map',
    anew: 'Draw it anew',
    crossing: 'It crosses itself at the red mark: move a corner so that it does not.',
    snap: 'Corners snap to other geofences (not while Alt is held)',
    missed: {
      all: 'the devices',
      at: (who: string, accuracy: string | null, interval: string) =>
        accuracy === null
          ? `At the usual interval (${interval}) of ${who}`
          : `At the usual accuracy (${accuracy}) and interval (${interval}) of ${who}`,
      hardly: 'hardly a passage straight through will be missed.',
      most: 'nearly every passage straight through will be missed: draw it larger.',
      oneIn: (n: number) =>
        n <= 1 ? 'most passages straight through will be missed.' : `about one passage in ${n} will be missed.`,
    },
    name: 'Name',
    radius: 'Radius',
    width: 'Whole width',
    decides: 'How it decides',
    presets: {
      strict: 'Every fix decides at once, as if it were exact.',
      balanced: 'Allows for the accuracy of the fixes and waits until a crossing is sure.',
      calm: 'Waits longer: fewer false alarms where reception is poor, later true ones.',
    },
    presetNames: { strict: 'strict', balanced: 'balanced', calm: 'calm' } as Record<string, string>,
    expect: {
      legend: 'Expected here',
      on: 'Tell who is not here in time',
      who: 'Type to choose who',
      from: 'From',
      by: 'By',
      hint: 'Once a day. Who says nothing is told of as unknown.',
    },
    already: {
      legend: 'Who is inside already',
      noted: 'is noted.',
      notedMeans: 'They count as inside, and nobody is alerted.',
      entered: 'enters.',
      enteredMeans: 'An event and its alerts for each of them.',
    },
    stay: 'Tell of a stay of',
    no: 'no',
    none: 'none',
    minutes: 'min',
    on: 'Switched on',
    conflict: (name: string) => `${name} was changed by somebody else while you edited it.`,
    conflictGone: (name: string) => `${name} was deleted by somebody else while you edited it.`,
    theirs: (what: string) => `Now, dashed on the map: ${what}`,
    yours: (what: string) => `Yours: ${what}`,
    saveMine: 'Save mine over it',
    takeTheirs: 'Take theirs',
  },
  trial: {
    title: 'Try on history',
    howFar: 'How far back',
    spans: { hour: 'the last hour', day: 'the last day', week: 'the last week' },
    stop: 'Stop',
    try: 'Try',
    reading: 'Reading the history',
    hint: 'Which events it would have told of what is stored. Nobody is told, nothing is kept.',
    noEvent: 'No event',
    found: (what: string, fixes: string) => `${what} in ${fixes} fixes`,
    soFar: ' so far',
    stopped: ', stopped',
    first: (count: string) => `The first ${count} are shown.`,
    thisGeofence: 'this geofence',
    noAnswer: 'The server does not answer.',
  },
};

export type DrawingWords = typeof drawing;
