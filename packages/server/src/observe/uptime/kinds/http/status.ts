import { z } from 'zod';

const MEANT = 'expected a status from 100 to 599, a range such as 2xx or 200-299, or a list of them';

const statusShape = z.int().min(100).max(599);
const rangeShape = z.string().regex(/^([1-5]xx|[1-5]\d\d-[1-5]\d\d)$/, MEANT);
const oneShape = z.union([statusShape, rangeShape], MEANT);

/** One status or range, or a list of them. */
export const expectedStatusShape = z.union([oneShape, z.array(oneShape).min(1)], MEANT);

/** Every status that is meant, without repetition, in the order in which they are written. */
export function expandStatuses(written: z.infer<typeof expectedStatusShape>): number[] {
  const list = Array.isArray(written) ? written : [written];
  return [...new Set(list.flatMap((one) => (typeof one === 'number' ? [one] : expandRange(one))))];
}

function expandRange(range: string): number[] {
  const [from = '', to = ''] = range.endsWith('xx') ? [`${range[0]}00`, `${range[0]}99`] : range.split('-');
  return Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, index) => Number(from) + index);
}

/** The statuses in words: `200 or 202`, `200 to 299 or 304`. */
export function statusesInWords(statuses: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const status of statuses) {
    const last = runs.at(-1);
    if (last && status === last[1] + 1) last[1] = status;
    else runs.push([status, status]);
  }
  const words = runs.flatMap(([from, to]) =>
    to - from < 2 ? Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`) : [`${from} to ${to}`],
  );
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
