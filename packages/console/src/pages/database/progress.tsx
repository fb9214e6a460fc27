import type { MaintenanceProgress } from '@yumops/protocol';
import { State } from '../../components/state.tsx';

/** Where a run is. */
export function Progress({ progress }: { progress: MaintenanceProgress }) {
  const { task, object, done, total, share, waitsFor } = progress;
  const place = object === null ? 'looking what is to be done' : `${object}, ${done + 1} of ${total}`;
  return (
    <p className="maintenance-progress">
      <State tone="info" icon="play" word={task} /> <span>{place}</span>
      {waitsFor !== null && <span className="quiet">waits: {waitsFor}</span>}
      <progress
        value={object === null ? undefined : (done + share) / Math.max(1, total)}
        aria-label={`Progress of ${task}`}
      />
    </p>
  );
}
