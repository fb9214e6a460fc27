import { YumOpsError } from '../../../lib/errors.ts';

/** A position in the write-ahead log, in bytes from its beginning (PostgreSQL's `pg_lsn`). */
export type Lsn = bigint;

const WRITTEN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** True for text such as `0/16B3748`. */
export function isLsn(text: string): boolean {
  return WRITTEN.test(text);
}

/** Reads `X/Y` as PostgreSQL writes it. @throws YumOpsError `bad_lsn` */
export function parseLsn(text: string): Lsn {
  const [, high, low] = WRITTEN.exec(text) ?? [];
  if (high === undefined || low === undefined) {
    throw new YumOpsError('bad_lsn', `"${text}" is not a position in the write-ahead log.`, {
      hint: 'Write it as PostgreSQL does, for example 0/16B3748.',
      status: 400,
    });
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Writes a position as PostgreSQL does. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** The greatest multiple of `size` that is not over `lsn`. */
export function alignDown(lsn: Lsn, size: number): Lsn {
  return lsn - (lsn % BigInt(size));
}

/** The least multiple of `size` that is not under `lsn`. */
export function alignUp(lsn: Lsn, size: number): Lsn {
  return alignDown(lsn + BigInt(size) - 1n, size);
}

const hex8 = (value: bigint | number) => value.toString(16).toUpperCase().padStart(8, '0');

/** The file that holds the segment with `lsn`, by PostgreSQL's naming: timeline, then two halves of its number. */
export function segmentName(timeline: number, lsn: Lsn, segmentSize: number): string {
  const number = lsn / BigInt(segmentSize);
  const perId = 0x1_0000_0000n / BigInt(segmentSize);
  return `${hex8(timeline)}${hex8(number / perId)}${hex8(number % perId)}`;
}

/** The file that tells from which timelines `timeline` descends. */
export function historyName(timeline: number): string {
  return `${hex8(timeline)}.history`;
}
