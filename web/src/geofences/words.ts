/** What drawing, trying and importing geofences is called: fetched with what shows it. */
import { computed } from '@preact/signals';
import { language } from '../words';
import { drawing as german } from '../words/de-drawing';
import { importing as germanFiles } from '../words/de-import';
import { type DrawingWords, drawing } from '../words/en-drawing';
import { importing } from '../words/en-import';

type All = DrawingWords & typeof importing;

export const en: All = { ...drawing, ...importing };
export const de: All = { ...german, ...germanFiles };

export const drawingWords = computed<All>(() => (language.value === 'de' ? de : en));
