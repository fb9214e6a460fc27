import type { CapacityResource, CapacityUnit } from '@yumops/protocol';

/** A resource as a report tells of it. Days count from the report. */
export interface CapacityLine {
  id: string;
  title: string;
  unit: CapacityUnit;
  current: number | null;
  limit: number | null;
  /** Expected, with its interval; null = beyond the horizon, or unknown. */
  days: number | null;
  earliest: number | null;
  latest: number | null;
  state: CapacityResource['outlook']['state'];
  /** One English sentence. */
  sentence: string;
  growthPerDay: number | null;
  samples: number;
  query: string;
}

/** The capacity section of a report: days to the limit by resource, the most urgent first. */
export function capacitySection(resources: readonly CapacityResource[]): CapacityLine[] {
  return resources.map(({ id, title, unit, current, limit, outlook, sentence, growthPerDay, samples, query }) => {
    const found = outlook.state === 'limit' ? outlook : null;
    const full = outlook.state === 'full' ? 0 : null;
    return {
      ...{ id, title, unit, current, limit, sentence, samples, query },
      state: outlook.state,
      days: found?.days ?? full,
      earliest: found?.earliest ?? full,
      latest: found?.latest ?? full,
      growthPerDay: growthPerDay?.value ?? null,
    };
  });
}
