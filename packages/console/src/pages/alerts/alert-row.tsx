import { getRouteApi } from '@tanstack/react-router';
import type { Alert } from '@yumops/protocol';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { Labels } from './labels.tsx';
import { Reading } from './reading.tsx';

const route = getRouteApi('/console/alerts');

/** An alert in a list: how bad, what is wrong, by how much, since when, who has it. */
export function AlertRow({ alert }: { alert: Alert }) {
  const { alert: open } = route.useSearch();
  return (
    <route.Link
      data-row
      to="."
      search={(old) => ({ ...old, alert: alert.id })}
      className="alert-row"
      aria-current={alert.id === open}
    >
      <State {...SEVERITY[alert.severity]} look="badge" />
      <span className="alert-text">
        <span className="alert-summary">{alert.summary}</span>
        <Labels labels={alert.labels} />
        {alert.mutedBy !== null && <State tone="none" icon="muted" word={`Muted: ${alert.mutedBy}`} />}
        {alert.acknowledgedBy !== null && (
          <State tone="info" icon="user" word={`Acknowledged by ${alert.acknowledgedBy}`} />
        )}
      </span>
      <Reading alert={alert} />
      <span className="alert-since">
        <When at={alert.resolvedAt ?? alert.startedAt} />
      </span>
    </route.Link>
  );
}
