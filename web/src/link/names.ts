/** Names where they fit: one that would lie over an earlier one is not shown, its dot is; nearer there is room for both. */
export function hideCovered(names: readonly Element[]): void {
  const boxes = names.map((name) => name.getBoundingClientRect()); // all are read before one is changed
  const kept: DOMRect[] = [];
  names.forEach((name, i) => {
    const box = boxes[i]!;
    const isCovered = kept.some((other) => overlaps(box, other));
    name.classList.toggle('covered', isCovered);
    if (!isCovered) kept.push(box);
  });
}

function overlaps(a: DOMRect, b: DOMRect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
