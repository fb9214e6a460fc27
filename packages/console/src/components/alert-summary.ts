import { glued } from '../format/number.ts';

/** The summary of an alert where its rule is named beside it already. */
export function withoutRule(rule: string, summary: string): string {
  const name = `${rule}: `;
  return glued(summary.startsWith(name) ? summary.slice(name.length) : summary);
}
