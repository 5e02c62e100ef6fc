/** A name as somebody typed it: its marks of direction turn nothing but itself. */
export function Name({ text }: { text: string | null | undefined }) {
  return <bdi>{text}</bdi>;
}

/** The same for a text that is no markup. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
