/** The texts of importing geofences in English. */

export const importing = {
  importing: {
    saved: (name: string) => `${name} is saved.`,
    reading: 'Reading the file…',
    title: (file: string) => `What ${file} would make`,
    nothingYet: 'Nothing is written yet. On the map: dashed is new, orange takes the place of what is there.',
    replace: (count: string) => `Replace what is there already (${count})`,
    take: (count: string) => `Import ${count}`,
    becomes: { created: 'new', replaced: 'replaces', unchanged: 'unchanged' },
    refused: (count: string) => `Not imported: ${count}`,
    feature: (number: string) => `No. ${number}`,
    times: (count: string) => `(${count} times)`,
    readOtherwise: 'Read otherwise than it stands there',
    takeBack: 'Undo the import',
  },
};
