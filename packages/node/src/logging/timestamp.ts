/** Made with the first record: who loads the package may write none for long. */
let milliseconds: readonly string[] = [];

let second = Number.NaN;
let prefix = '';

/** `new Date(ms).toISOString()` for a whole, current number of milliseconds; the part down to the second is kept from call to call. */
export function isoTime(ms: number): string {
  const whole = Math.floor(ms / 1000);
  if (whole !== second) {
    if (milliseconds.length === 0) {
      milliseconds = Array.from({ length: 1000 }, (_, n) => `${String(n).padStart(3, '0')}Z`);
    }
    second = whole;
    prefix = new Date(whole * 1000).toISOString().slice(0, -4);
  }
  return prefix + milliseconds[ms - whole * 1000];
}
