import type { JobRun } from '@yumops/protocol';
import { formatProgress } from './progress-text.ts';

/** How far a run is, how fast it goes, and how long it still takes; a bar where the end is known. */
export function RunProgress({ progress }: { progress: NonNullable<JobRun['progress']> }) {
  const { done, total } = progress;
  const text = formatProgress(progress);
  return (
    <span className="run-progress">
      {total !== null && total > 0 && <progress value={done} max={total} aria-label={text} />}
      <span className="quiet">{text}</span>
    </span>
  );
}
