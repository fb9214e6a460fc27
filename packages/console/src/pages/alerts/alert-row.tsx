import { getRouteApi } from '@tanstack/react-router';
import type { Alert } from '@yumops/protocol';
import { withoutRule } from '../../components/alert-summary.ts';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatSpan } from '../../format/number.ts';
import { Labels } from './labels.tsx';
import { Reading } from './reading.tsx';

const route = getRouteApi('/console/alerts');

export interface AlertRowProps {
  alert: Alert;
  /** Whether it is over: calm, with the rule's name and how long it lasted. */
  past?: boolean;
}

/** An alert in a list: how bad, what is wrong, by how much, since when, who has it. */
export function AlertRow({ alert, past = false }: AlertRowProps) {
  const { alert: open } = route.useSearch();
  return (
    <route.Link
      data-row
      to="."
      search={(old) => ({ ...old, alert: alert.id })}
      className="panel-row alert-row"
      data-current={alert.id === open}
    >
      <State {...SEVERITY[alert.severity]} look={past ? 'plain' : 'badge'} />
      <span className="alert-text">
        {past && <strong className="alert-rule-name">{alert.rule}</strong>}
        <span className={past ? '' : 'alert-summary'}>{withoutRule(alert.rule, alert.summary)}</span>
        <Labels labels={alert.labels} />
        {alert.mutedBy !== null && <State tone="none" icon="muted" word={`Muted: ${alert.mutedBy}`} />}
        {alert.flappingSince !== null && <State tone="none" icon="warn" word="Flapping" />}
        {alert.acknowledgedBy !== null && (
          <State tone="info" icon="user" word={`Acknowledged by ${alert.acknowledgedBy}`} />
        )}
      </span>
      <Reading alert={alert} />
      <span className="alert-since">
        {alert.resolvedAt === null ? (
          <When at={alert.startedAt} />
        ) : (
          <>
            <Instant at={alert.resolvedAt} />
            <span>lasted {formatSpan(Date.parse(alert.resolvedAt) - Date.parse(alert.startedAt))}</span>
          </>
        )}
      </span>
    </route.Link>
  );
}
