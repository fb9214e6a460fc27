import type { MonitorState } from '@yumops/protocol';

/** What a badge shows. */
export interface BadgeText {
  label: string;
  value: string;
  tone: 'good' | 'warn' | 'bad' | 'quiet';
}

const TONES: Record<BadgeText['tone'], string> = { good: '#1f7a3f', warn: '#9a6700', bad: '#b3261e', quiet: '#5b6470' };

const STATES: Record<MonitorState, Pick<BadgeText, 'value' | 'tone'>> = {
  up: { value: 'up', tone: 'good' },
  degraded: { value: 'degraded', tone: 'warn' },
  down: { value: 'down', tone: 'bad' },
  pending: { value: 'not checked yet', tone: 'quiet' },
  unknown: { value: 'unknown', tone: 'quiet' },
  'network-down': { value: 'unknown', tone: 'quiet' },
  paused: { value: 'paused', tone: 'quiet' },
};

/** The badge of a state. */
export function stateBadge(label: string, state: MonitorState): BadgeText {
  return { label, ...STATES[state] };
}

/** The badge of an availability. @param uptime percent, null without data */
export function uptimeBadge(label: string, uptime: number | null): BadgeText {
  if (uptime === null) return { label, value: 'no data', tone: 'quiet' };
  const tone = uptime >= 99.9 ? 'good' : uptime >= 99 ? 'warn' : 'bad';
  return { label, value: `${uptime.toFixed(uptime >= 99 ? 3 : 2).replace(/\.?0+$/, '')} %`, tone };
}

/** The badge of a duration. @param ms null without data */
export function responseBadge(label: string, ms: number | null): BadgeText {
  if (ms === null) return { label, value: 'no data', tone: 'quiet' };
  return { label, value: `${Math.round(ms)} ms`, tone: ms < 500 ? 'good' : ms < 2_000 ? 'warn' : 'bad' };
}

/** The badge of a certificate. @param days left, null where there is none */
export function certificateBadge(label: string, days: number | null): BadgeText {
  if (days === null) return { label, value: 'no certificate', tone: 'quiet' };
  const tone = days >= 30 ? 'good' : days >= 7 ? 'warn' : 'bad';
  return { label, value: `${days} ${days === 1 ? 'day' : 'days'}`, tone };
}

/** Pixels of a text in 11 px of a common sans-serif; `textLength` makes it fit whatever the font. */
function widthOf(text: string): number {
  return [...text].reduce(
    (sum, character) => sum + (/[ilj.,:;|!' ]/.test(character) ? 3.6 : /[A-Zmw%]/.test(character) ? 8.2 : 6.4),
    0,
  );
}

/** A badge as SVG. */
export function badgeSvg({ label, value, tone }: BadgeText): string {
  const [labelWidth, valueWidth] = [label, value].map((text) => Math.ceil(widthOf(text)) + 14) as [number, number];
  const width = labelWidth + valueWidth;
  const part = (text: string, left: number, size: number) =>
    `<text x="${left + size / 2}" y="14" textLength="${size - 14}">${xmlText(text)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${xmlText(`${label}: ${value}`)}"><title>${xmlText(`${label}: ${value}`)}</title><clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="${labelWidth}" height="20" fill="#39414d"/><rect x="${labelWidth}" width="${valueWidth}" height="20" fill="${TONES[tone]}"/></g><g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${part(label, 0, labelWidth)}${part(value, labelWidth, valueWidth)}</g></svg>`;
}

function xmlText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
