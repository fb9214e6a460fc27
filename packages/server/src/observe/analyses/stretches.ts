/** A part of a range whose rows of one width cover it. All in seconds, the end excluded. */
export interface Stretch {
  width: number;
  from: number;
  to: number;
}

/**
 * The fewest rows that cover a range once, where every moment is counted by rows of several widths.
 * @param from like `to` a multiple of the narrowest width, seconds
 * @param widths the widest first, each a multiple of the next
 */
export function stretchesOf(from: number, to: number, [width, ...narrower]: readonly number[]): Stretch[] {
  if (width === undefined || from >= to) return [];
  const first = Math.ceil(from / width) * width;
  const last = Math.floor(to / width) * width;
  if (first >= last) return stretchesOf(from, to, narrower);
  return [...stretchesOf(from, first, narrower), { width, from: first, to: last }, ...stretchesOf(last, to, narrower)];
}
