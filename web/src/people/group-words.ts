/** What groups are called where they are looked at and changed, in each language. */
import { computed } from '@preact/signals';
import { language } from '../words';

const en = {
  groups: 'Groups',
  groupsHint:
    'A group holds people, and the devices and geofences that they see. Make one to let others see something.',
  newGroup: 'Name of a new group',
  makeGroup: 'Make the group',
  removeGroup: 'Remove the group',
  reallyRemoveGroup: 'Remove it? What is in it stays.',
  roleOf: (who: string) => `Role of ${who}`,
  addPerson: 'Add somebody…',
  takeOut: 'Take out',
  takeOutOf: (what: string) => `Take ${what} out`,
  reallyTakeOut: 'Take out of the group?',
  things: { devices: 'Devices', geofences: 'Geofences' },
  addThing: { devices: 'Add a device…', geofences: 'Add a geofence…' },
  noThings: 'None.',
  shownTo: 'Shown to',
  onlyYou: 'Only you see it. Who runs the database can read everything.',
};

type GroupWords = typeof en;

const de: GroupWords = {
  groups: 'Gruppen',
  groupsHint:
    'In einer Gruppe sind Personen und die Geräte und Gebiete, die sie sehen. Legen Sie eine an, damit andere etwas sehen.',
  newGroup: 'Name einer neuen Gruppe',
  makeGroup: 'Gruppe anlegen',
  removeGroup: 'Gruppe entfernen',
  reallyRemoveGroup: 'Entfernen? Was darin ist, bleibt.',
  roleOf: (who) => `Rolle von ${who}`,
  addPerson: 'Jemanden hinzufügen …',
  takeOut: 'Herausnehmen',
  takeOutOf: (what) => `${what} herausnehmen`,
  reallyTakeOut: 'Aus der Gruppe nehmen?',
  things: { devices: 'Geräte', geofences: 'Gebiete' },
  addThing: { devices: 'Ein Gerät hinzufügen …', geofences: 'Ein Gebiet hinzufügen …' },
  noThings: 'Keine.',
  shownTo: 'Zu sehen für',
  onlyYou: 'Nur Sie sehen es. Wer die Datenbank betreibt, kann alles lesen.',
};

export const groupWords = computed(() => (language.value === 'de' ? de : en));
