/** Neighbouring classes differ by 2 %, so a percentile is right within 1 %. */
export const CLASS_BASE = 1.02;

/** The logarithmic class of a value: `ceil(log(value) / log(1.02))`; values up to 0.001 share the lowest. */
export function durationClass(value: number): number {
  return Math.ceil(Math.log(Math.max(value, 0.001)) / Math.log(CLASS_BASE));
}

/** The middle of a class. */
export function classValue(index: number): number {
  return CLASS_BASE ** (index - 0.5);
}

/** The value below which the share `p` (0 to 1) of the occurrences lies; undefined without any. */
export function percentile(classes: ReadonlyMap<number, number>, p: number): number | undefined {
  let total = 0;
  for (const count of classes.values()) total += count;
  const rank = Math.max(1, Math.ceil(p * total));
  let seen = 0;
  for (const [index, count] of [...classes].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return classValue(index);
  }
  return undefined;
}

/** The highest class of which most lies under a value: what is in a higher class is over it, right within 1 %. */
export function classLimit(value: number): number {
  const own = durationClass(value);
  const low = CLASS_BASE ** (own - 1);
  return value - low < CLASS_BASE ** own - value ? own - 1 : own;
}
