import type { JobRun } from '@yumops/protocol';
import { formatCount } from '../../format/number.ts';

/** How far a run is; a bar where the end is known. */
export function RunProgress({ progress }: { progress: NonNullable<JobRun['progress']> }) {
  const { done, total, what } = progress;
  const text =
    total === null ? `${formatCount(done)} ${what}` : `${formatCount(done)} of ${formatCount(total)} ${what}`;
  return (
    <span className="run-progress">
      {total !== null && total > 0 && <progress value={done} max={total} aria-label={text} />}
      <span className="quiet truncate">{text}</span>
    </span>
  );
}
