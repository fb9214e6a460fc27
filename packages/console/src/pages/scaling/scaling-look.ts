import type { CapacityFigure, CapacityOutlook, CapacityResource } from '@yumops/protocol';
import type { Look } from '../../components/state.tsx';
import { formatBytes, formatQuantity } from '../../format/number.ts';

/** A quantity with its unit; of bytes a day and the like too. */
export function formatUnit(value: number | null, unit: CapacityFigure['unit']): string {
  if (value !== null && unit.startsWith('B')) return `${formatBytes(value)}${unit.slice(1)}`;
  return formatQuantity(value, unit);
}

/** Days from which on a limit is near, and at hand. */
const NEAR_DAYS = 90;
const AT_HAND_DAYS = 30;

/** How an outlook looks, in a few words. */
export function outlookLook(outlook: CapacityOutlook): Look {
  switch (outlook.state) {
    case 'full':
      return { tone: 'bad', word: 'At its limit' };
    case 'none':
      return { tone: 'ok', word: 'No limit in sight' };
    case 'unknown':
      return { tone: 'unknown', word: outlook.reason === 'no_limit' ? 'Limit not known' : 'Unknown' };
    case 'limit': {
      const { days, earliest } = outlook;
      if (days === null) return { tone: 'info', word: `Not before ${daysText(earliest)}` };
      const tone = days < AT_HAND_DAYS ? 'bad' : days < NEAR_DAYS ? 'warn' : 'info';
      return { tone, word: `In ${daysText(days)}` };
    }
  }
}

function daysText(days: number): string {
  const whole = Math.floor(days);
  if (whole < 1) return 'less than a day';
  return whole === 1 ? '1 day' : `${whole} days`;
}

/** What is said of a resource, without its title. */
export function withoutTitle({ sentence, title }: Pick<CapacityResource, 'sentence' | 'title'>): string {
  const text = sentence.slice(title.length + 2);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
