/** Starts the page of a sharing link. Its code stands behind the #, which no browser sends and no log holds. */
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import type { Theme } from '../map/flavors';
import { Link } from './link';
import { Page } from './Page';
import { language, words } from './words';
import '../styles/tokens.css';
import './link.css';

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = signal<Theme>(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => (theme.value = dark.matches ? 'dark' : 'light'));
const framed = new URLSearchParams(location.search).get('embed');

document.documentElement.lang = language;
effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});
document.documentElement.dataset['framed'] = String(framed !== null);
document.title = words.title;
addEventListener('hashchange', () => location.reload()); // another link

const link = new Link(new URL('.', location.href), location.hash.slice(1), framed);
render(<Page link={link} theme={theme} />, document.getElementById('app')!);
