/** The lists of who sees a device and who looked. */
import type { WatchingWords } from './en';
import type { Watchers } from './watchers';

interface Props {
  readonly watchers: Watchers;
  readonly said: WatchingWords;
  readonly moment: (at: number) => string;
  /** The class of what is said quietly. */
  readonly soft: string;
  /** Of who looked. */
  readonly most: number;
}

export function WatcherLists({ watchers, said, moment, soft, most }: Props) {
  const { people, links, readings } = watchers;
  return (
    <>
      <h3>{said.maySee}</h3>
      {people.length + links.length === 0 && <p class={soft}>{said.nobody}</p>}
      <ul>
        {people.map((each) => (
          <li key={`${each.kind} ${each.name} ${each.role} ${each.group}`}>
            <bdi>{each.name || said.program}</bdi>
            <small>
              {said.roles[each.role] ?? each.role}
              {each.group && ` · ${each.group}`}
            </small>
          </li>
        ))}
        {links.map((each) => (
          <li key={each.id}>
            <bdi>{said.link(each.name)}</bdi>
            <small>{said.until(moment(each.until))}</small>
          </li>
        ))}
      </ul>
      <h3>{said.looked}</h3>
      {readings.length === 0 && <p class={soft}>{said.nobodyLooked}</p>}
      <ul>
        {readings.slice(0, most).map((each) => (
          <li key={`${each.at} ${each.who}`}>
            <bdi>{each.link === null ? each.who : said.byLink(each.who)}</bdi>
            <small>{moment(each.at)}</small>
          </li>
        ))}
      </ul>
      <p class={soft}>{said.operator}</p>
    </>
  );
}
