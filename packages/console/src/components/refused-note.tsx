import { ApiError } from '../api/problem.ts';
import { State } from './state.tsx';

/** Why the server refused a change, and its hint; nothing while it did not. */
export function RefusedNote({ error }: { error: unknown }) {
  const hint = error instanceof ApiError ? error.hint : undefined;
  return (
    <div className="change-refused" role="status">
      {error !== null && <State tone="bad" word={error instanceof Error ? error.message : String(error)} />}
      {hint !== undefined && <p className="quiet">{hint}</p>}
    </div>
  );
}
