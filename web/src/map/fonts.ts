/** The map's letters: MapLibre draws them from these files where a style names a font, so no glyph server is needed. */
import cyrillic from '@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff2?url';
import cyrillicMedium from '@fontsource/noto-sans/files/noto-sans-cyrillic-600-normal.woff2?url';
import greek from '@fontsource/noto-sans/files/noto-sans-greek-400-normal.woff2?url';
import greekMedium from '@fontsource/noto-sans/files/noto-sans-greek-600-normal.woff2?url';
import latinItalic from '@fontsource/noto-sans/files/noto-sans-latin-400-italic.woff2?url';
import latin from '@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff2?url';
import latinMedium from '@fontsource/noto-sans/files/noto-sans-latin-600-normal.woff2?url';
import latinExt from '@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff2?url';
import latinExtMedium from '@fontsource/noto-sans/files/noto-sans-latin-ext-600-normal.woff2?url';
import type { StyleSpecification } from 'maplibre-gl';

const LATIN = [
  'U+0000-00FF',
  'U+0131',
  'U+0152-0153',
  'U+02BB-02BC',
  'U+02C6',
  'U+02DA',
  'U+02DC',
  'U+2000-206F',
  'U+20AC',
  'U+2122',
];
const LATIN_EXT = ['U+0100-02BA', 'U+1D00-1DBF', 'U+1E00-1E9F', 'U+1EF2-1EFF', 'U+2020', 'U+20A0-20AB', 'U+20AD-20C0'];
const CYRILLIC = ['U+0301', 'U+0400-045F', 'U+0490-0491', 'U+04B0-04B1', 'U+2116'];
const GREEK = ['U+0370-03FF'];

const absolute = (url: string) => new URL(url, document.baseURI).href; // the worker resolves nothing

export function fontFaces(): NonNullable<StyleSpecification['font-faces']> {
  const faces = (...files: [url: string, ranges: string[]][]) =>
    files.map(([url, ranges]) => ({ url: absolute(url), 'unicode-range': ranges }));
  return {
    'Noto Sans Regular': faces([latin, LATIN], [latinExt, LATIN_EXT], [cyrillic, CYRILLIC], [greek, GREEK]),
    'Noto Sans Medium': faces(
      [latinMedium, LATIN],
      [latinExtMedium, LATIN_EXT],
      [cyrillicMedium, CYRILLIC],
      [greekMedium, GREEK],
    ),
    'Noto Sans Italic': faces([latinItalic, LATIN], [latinExt, LATIN_EXT], [cyrillic, CYRILLIC], [greek, GREEK]),
  };
}
