import type { VitalName, VitalRating } from '@yumops/protocol';

/** Limits of good and poor, by the Web Vitals programme (web-vitals 6). */
const LIMITS: Record<VitalName, readonly [number, number]> = {
  LCP: [2_500, 4_000],
  INP: [200, 500],
  CLS: [0.1, 0.25],
  FCP: [1_800, 3_000],
  TTFB: [800, 1_800],
};

/** Whether a name is that of a vital. */
export function isVital(name: string): name is VitalName {
  return Object.hasOwn(LIMITS, name);
}

/** How a value is rated. @param value milliseconds; of CLS a score */
export function ratingOf(name: VitalName, value: number): VitalRating {
  const [good, poor] = LIMITS[name];
  return value <= good ? 'good' : value <= poor ? 'needs-improvement' : 'poor';
}
