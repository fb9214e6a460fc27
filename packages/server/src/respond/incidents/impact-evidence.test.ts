import { expect, test } from 'vitest';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { impactEvidence } from './impact-evidence.ts';
import type { Incident } from './incident.ts';

const [atBeginning] = impactEvidence({} as TelemetryStore);

test.each([
  ['without a service', {}, false],
  ['whose alerts name none', { service: '' }, false],
  ['of a service with a quote', { service: "o'hara" }, true],
])('the query of an incident %s counts what is read', (_which, labels, named) => {
  const query = atBeginning?.query({ from: 0, to: 60_000 }, { labels } as Incident);
  expect(query?.includes('AND service =')).toBe(named);
});
