import type { CertificateFacts } from './check.ts';

/** Days before the end at which a warning becomes more pressing. */
const STEPS = [1, 7, 14, 30];

/**
 * The sentence about a certificate that ends soon. It names the narrowest step that was passed, so that it changes
 * as the end comes nearer.
 * @param days fewer left than this is soon
 * @returns null while enough days are left
 */
export function certificateWarning(
  host: string,
  { days: left, validTo }: CertificateFacts,
  days: number,
): string | null {
  if (left >= days) return null;
  const passed = STEPS.find((step) => step <= days && left < step) ?? days;
  const end = new Date(validTo).toISOString().slice(0, 10);
  return `Expected a certificate for ${host} with at least ${days} days left, it ends on ${end}: in less than ${dayCount(passed)}.`;
}

function dayCount(days: number): string {
  return days === 1 ? 'a day' : `${days} days`;
}
