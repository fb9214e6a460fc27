/** Between a number and its unit: narrow, and never broken over two lines. */
const GAP = '\u202f';

/** A sentence of the server with each number on one line with its unit. */
export function glued(sentence: string): string {
  return sentence.replace(/(\d) (?=(?:%|ms|s|min|h|d)(?![\w]))/g, '$1\u00a0');
}

/** Shown where there is no number. */
export const UNKNOWN = 'unknown';

function digits(value: number, most: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: most });
}

/** `7.2 %`; whole numbers from 10 on keep one digit, and 100 stays 100 only when it is exact. */
export function formatPercent(value: number): string {
  const most = value > 99.9 && value < 100 ? 3 : value >= 10 && value < 99 ? 1 : 2;
  const shown = value < 100 ? Math.min(value, 99.999) : value;
  return `${digits(shown, most)}${GAP}%`;
}

/** `412 ms`, `1.34 s`, `2 min 5 s` from milliseconds. */
export function formatMilliseconds(value: number): string {
  if (value < 1) return `${digits(value, 2)}${GAP}ms`;
  if (value < 10) return `${digits(value, 1)}${GAP}ms`;
  if (value < 1000) return `${digits(value, 0)}${GAP}ms`;
  if (value < 60_000) return `${digits(value / 1000, 2)}${GAP}s`;
  return formatSpan(value);
}

/** A length of time in its two largest units: `45 s`, `2 min 5 s`, `3 h 20 min`, `4 d 2 h`. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return `0${GAP}s`;
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${GAP}${name}`);
  }
  return parts.join(' ');
}

const SCALES: [number, string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** `940`, `1.3 k`, `12 M`. */
export function formatCount(value: number): string {
  for (const [size, name] of SCALES) {
    if (Math.abs(value) >= size) return `${digits(value / size, Math.abs(value) >= size * 100 ? 0 : 1)}${GAP}${name}`;
  }
  return digits(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}

/** `512 B`, `1.5 MB` in steps of 1024. */
export function formatBytes(value: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1024 && step < names.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return `${digits(scaled, step === 0 || scaled >= 100 ? 0 : 1)}${GAP}${names[step]}`;
}

/**
 * A value with the unit that the server names.
 * @param unit `%`, `ms`, `s`, `bytes`, `MB`, `/s`, … or empty
 */
export function formatQuantity(value: number | null, unit: string | null): string {
  if (value === null) return UNKNOWN;
  switch (unit) {
    case '%':
    case 'percent':
      return formatPercent(value);
    case 'ms':
      return formatMilliseconds(value);
    case 's':
      return formatMilliseconds(value * 1000);
    case 'B':
    case 'bytes':
      return formatBytes(value);
    case null:
    case '':
      return formatCount(value);
    default: {
      const count = formatCount(value);
      return unit.startsWith('/') ? `${count}${GAP}${unit}`.replace(`k${GAP}/`, 'k/') : `${count}${GAP}${unit}`;
    }
  }
}

/** `1 check`, `3 checks`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
