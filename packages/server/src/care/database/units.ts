/** `12.3 MB`; binary units, as `pg_size_pretty` has them. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`;
}

/** A share from 0 to 1 as `93 %`, with a decimal where it matters. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 99 && value < 100 ? (Math.floor(value * 10) / 10).toFixed(1) : Math.round(value)} %`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}
