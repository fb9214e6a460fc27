import { usePageTime } from '../time/page-time.tsx';
import { DEFAULT_RANGE, type Span } from '../time/range.ts';
import { Button } from './button.tsx';
import { Instant } from './when.tsx';
import './asked-span.css';

/** The stretch of time that the address of a page names; null = it shows everything. */
export function useAskedSpan(): Span | null {
  const { range } = usePageTime();
  return range.kind === 'between' ? { from: range.from, to: range.to } : null;
}

/** Says that only a stretch of time is shown, and leads back to everything; nothing where everything is. */
export function AskedSpan() {
  const span = useAskedSpan();
  const { setRange } = usePageTime();
  if (span === null) return null;
  return (
    <p className="asked-span" role="status">
      <span>
        From <Instant at={span.from} /> to <Instant at={span.to} />
      </span>
      <Button onClick={() => setRange(DEFAULT_RANGE)}>Show all</Button>
    </p>
  );
}
