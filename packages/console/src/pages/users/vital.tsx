import type { VitalFigures, VitalName, VitalRating } from '@yumops/protocol';
import { type Look, State } from '../../components/state.tsx';
import { formatMilliseconds, formatPercent } from '../../format/number.ts';

export const VITAL_TITLES: Record<VitalName, string> = {
  LCP: 'Largest contentful paint',
  INP: 'Interaction to next paint',
  CLS: 'Cumulative layout shift',
  FCP: 'First contentful paint',
  TTFB: 'Time to first byte',
};

export const RATINGS: Record<VitalRating, Look> = {
  good: { tone: 'ok', word: 'Good' },
  'needs-improvement': { tone: 'warn', word: 'Needs work' },
  poor: { tone: 'bad', word: 'Poor' },
};

/** The value of a vital with its unit; CLS has none. */
export function formatVital(name: VitalName, value: number): string {
  return name === 'CLS' ? value.toFixed(2) : formatMilliseconds(value);
}

/** One vital of all page views of the selection, large. */
export function VitalCard({ figures }: { figures: VitalFigures }) {
  const { name, p75, rating, count } = figures;
  return (
    <div className="vital-card">
      <p className="vital-name">
        {name} <span className="quiet">{VITAL_TITLES[name]}</span>
      </p>
      <p className="vital-value figures">{formatVital(name, p75)}</p>
      <State {...RATINGS[rating]} />
      <Shares figures={figures} />
      <p className="quiet">p75 of {count.toLocaleString('en')} page views</p>
    </div>
  );
}

/** Good, needs improvement and poor as parts of a bar. */
export function Shares({ figures: { name, good, needsImprovement, poor } }: { figures: VitalFigures }) {
  const text = `${name}: ${formatPercent(good * 100)} good, ${formatPercent(needsImprovement * 100)} need improvement, ${formatPercent(poor * 100)} poor`;
  const part = (kind: string, share: number) => <span className={`share share-${kind}`} style={{ flexGrow: share }} />;
  return (
    <span className="shares" role="img" aria-label={text} title={text}>
      {part('good', good)}
      {part('middle', needsImprovement)}
      {part('poor', poor)}
    </span>
  );
}
