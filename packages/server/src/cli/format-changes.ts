import type { ConfigChange } from '../config/changes.ts';
import type { Paint } from '../config/format.ts';
import type { Finding } from '../lib/finding.ts';

/** What a new configuration does to the one in use. */
export interface Plan {
  changes: readonly ConfigChange[];
  /** Of the new configuration. */
  findings: readonly Finding[];
  /** It has an error that refuses it: it is never used. */
  refused: boolean;
  /** Sections whose change takes a restart. */
  restart: readonly string[];
}

const SIGN = { add: '+', change: '~', remove: '-' } as const;
const STYLE = { add: 'info', change: 'warning', remove: 'error' } as const;
const LONGEST = 60;

/** A line for each change, one for each key of what is changed, and a sentence. */
export function formatChanges({ changes, refused, restart }: Plan, where: string, paint: Paint): string {
  if (refused) return 'The new configuration is refused: nothing would change.\n';
  if (changes.length === 0) return `Nothing differs from ${where}.\n`;
  const width = Math.max(...changes.map(({ section }) => section.length));
  const lines = changes.flatMap(({ action, section, name, keys }) => [
    `${paint(STYLE[action], `${SIGN[action]} ${section.padEnd(width)}  ${name ?? ''}`.trimEnd())}\n`,
    ...keys.map(({ key, before, after }) => `    ${key}: ${paint('dim', written(before))} → ${written(after)}\n`),
  ]);
  const count = (action: ConfigChange['action']) => changes.filter((change) => change.action === action).length;
  const sum = `${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove`;
  const later = restart.length > 0 ? ` A change of ${restart.join(', ')} is used at the next start.` : '';
  return `${lines.join('')}\n${sum}, against ${where}.${later}\n`;
}

function written(value: unknown): string {
  if (value === null) return 'not written';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
