/** What is read from the server again as long as somebody looks at it. */
import { useEffect } from 'preact/hooks';

/** Looks at once, and every so many ms after; anew where `of` is another. What `look` finds wrong is its own. */
export function useLook(look: () => Promise<unknown>, every: number, of: string): void {
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), every);
    return () => clearInterval(timer);
  }, [of]);
}
