import { LEVELS, type Level } from '@yumops/protocol';

const ALIASES: Record<string, Level> = {
  silly: 'trace',
  verbose: 'debug',
  http: 'info',
  notice: 'info',
  log: 'info',
  information: 'info',
  informational: 'info',
  warning: 'warn',
  err: 'error',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
};

/**
 * The level that a sender's word or number means: names without case, those of syslog and winston, and the numbers of
 * pino and bunyan (10 trace … 60 fatal).
 * @returns undefined when it is no level that is known
 */
export function normalizeLevel(value: string | number): Level | undefined {
  const word = typeof value === 'number' ? '' : value.trim().toLowerCase();
  if ((LEVELS as readonly string[]).includes(word)) return word as Level;
  if (Object.hasOwn(ALIASES, word)) return ALIASES[word];
  const number = typeof value === 'number' ? value : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (!(number >= 0 && number <= 100)) return undefined;
  return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, Math.floor(number / 10) - 1))];
}
