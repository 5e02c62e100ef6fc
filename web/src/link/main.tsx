/** Starts the page of a sharing link. Its code stands behind the #, which no browser sends and no log holds. */
import { render } from 'preact';
import { dress, followSystem } from '../dark';
import { Link } from './link';
import { Page } from './Page';
import { language, words } from './words';
import '../styles/tokens.css';
import './link.css';

const theme = followSystem();
const framed = new URLSearchParams(location.search).get('embed');

document.documentElement.lang = language;
dress(theme);
document.documentElement.dataset['framed'] = String(framed !== null);
document.title = words.title;
addEventListener('hashchange', () => location.reload()); // another link

const link = new Link(new URL('.', location.href), location.hash.slice(1), framed);
render(<Page link={link} theme={theme} />, document.getElementById('app')!);
