import type { Place, SecurityEvent } from './event.ts';

/** Where addresses are, for events that do not say so themselves. Implemented in `main` over a database of places. */
export interface LocationSource {
  /** Null where the place is not known to a city's accuracy. */
  placeOf(ip: string): Place | null;
  /** ISO 3166 code of the country; null where it is not known. */
  countryOf(ip: string): string | null;
  /** `broken` = one is named in the configuration and cannot be read; why. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly state: { kind: 'none' } | { kind: 'ready' } | { kind: 'broken'; reason: string };
}

/** The event with its place. Only sign-ins that succeeded are asked for: journeys are between them. */
export function located(event: SecurityEvent, source: LocationSource): SecurityEvent {
  if (event.place !== null || event.kind !== 'success' || event.ip === null) return event;
  const place = source.placeOf(event.ip);
  return place === null ? event : { ...event, place };
}
