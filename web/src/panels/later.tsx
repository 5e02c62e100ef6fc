/** Parts of the page that few look at are fetched when somebody does: what draws the first map comes before them. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A component that shows itself as soon as its code is here. Where it cannot be fetched, the next to ask tries again,
 * and `missed` is told. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  missed: () => void = () => {},
): ComponentType<P> {
  let found: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [, isHere] = useState(found !== null);
    useEffect(() => {
      if (found !== null) return isHere(true); // it came for another between our first look and now: nothing else says so
      load().then((component) => {
        found = component;
        isHere(true);
      }, missed);
    }, []);
    const Found = found;
    return Found === null ? null : <Found {...props} />;
  };
}
