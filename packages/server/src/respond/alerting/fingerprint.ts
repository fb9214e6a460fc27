import { createHash } from 'node:crypto';

export type Labels = Readonly<Record<string, string>>;

/**
 * The identity of an alert instance: SHA-256 over the rule and its dimension labels, in hex. Annotations and the
 * rule's own constant labels are no part of it, so that editing them keeps the instance.
 */
export function fingerprint(tenant: string, ruleId: string, dimensions: Labels): string {
  return sha256(JSON.stringify([tenant, ruleId, sorted(dimensions)]));
}

/** The id of an episode: `<first 16 digits of the fingerprint>-<episode>`. */
export function alertId(print: string, episode: number): string {
  return `${print.slice(0, 16)}-${episode}`;
}

/** The same labels always give the same text, whatever their order. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(sorted(labels));
}

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sorted(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
