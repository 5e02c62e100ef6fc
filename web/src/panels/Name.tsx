/** A name as somebody typed it: its marks of direction turn nothing but itself. Where it is cut, its title has the whole. */
export function Name({ text }: { text: string | null | undefined }) {
  return <bdi title={text ?? ''}>{text}</bdi>;
}

/** The same for a text that is no markup. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
