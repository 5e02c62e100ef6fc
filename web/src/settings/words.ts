/** What the settings are called, and what each key does: fetched with what shows them. */
import { computed } from '@preact/signals';
import { language } from '../words';

const en = {
  title: 'Settings',
  keys: 'Keyboard shortcuts',
  singleKeys: 'Single keys work',
  walk: 'Previous and next, in a list',
  follow: 'Follow what is selected or picked',
  pick: 'Pick the selected device, or no longer',
  space: 'Space',
  pickOne: 'In the list: pick this one too',
  pickOn: 'In the list: pick from here on',
  pickAll: 'In the list: pick all',
  views: 'Views that you keep',
  pickBox: 'On the map: pick all in a box',
  undoRedo: 'Undo and redo, while drawing and after deletion',
  escape: 'Close, clear, let go',
  settings: 'Settings and this list',
  language: 'Language',
  units: 'Units',
  metric: 'km, km/h',
  imperial: 'miles, mph',
  nautical: 'nautical miles, knots',
};

type SettingWords = typeof en;

const de: SettingWords = {
  title: 'Einstellungen',
  keys: 'Tastenkürzel',
  singleKeys: 'Einzelne Tasten wirken',
  walk: 'Voriges und nächstes in einer Liste',
  follow: 'Dem Gewählten oder Ausgewählten folgen',
  pick: 'Das gewählte Gerät auswählen, oder nicht mehr',
  space: 'Leer',
  pickOne: 'In der Liste: dieses auch auswählen',
  pickOn: 'In der Liste: von hier an auswählen',
  pickAll: 'In der Liste: alle auswählen',
  views: 'Gemerkte Ansichten',
  pickBox: 'Auf der Karte: alle in einem Rahmen auswählen',
  undoRedo: 'Rückgängig und wiederholen, beim Zeichnen und nach dem Löschen',
  escape: 'Schließen, leeren, loslassen',
  settings: 'Einstellungen und diese Liste',
  language: 'Sprache',
  units: 'Einheiten',
  metric: 'km, km/h',
  imperial: 'Meilen, mph',
  nautical: 'Seemeilen, Knoten',
};

export const settingWords = computed(() => (language.value === 'de' ? de : en));
