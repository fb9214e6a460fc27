/** What follows for somebody: shut out, or asked for more. */
export interface Restriction {
  action: 'block' | 'challenge';
  /** `network` in CIDR form; a pair is `address|account hash`. */
  kind: 'ip' | 'network' | 'pair' | 'account' | 'everyone';
  value: string;
  /** Milliseconds since the epoch. */
  until: number;
  /** A sentence. */
  why: string;
}

/** What is the same restriction. */
export const restrictionKey = ({ action, kind, value }: Pick<Restriction, 'action' | 'kind' | 'value'>): string =>
  `${action}|${kind}|${value}`;

/** The later of two; undefined when there is neither. */
export function later(a: Restriction | undefined, b: Restriction | undefined): Restriction | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.until >= b.until ? a : b;
}
