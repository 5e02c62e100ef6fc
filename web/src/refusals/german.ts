import geofences from './de-geofences.json';
import more from './de-more.json';
import own from './de-own.json';
import { makeSay } from './translate';

export const sayInGerman = makeSay({ ...own, ...geofences, ...more });
