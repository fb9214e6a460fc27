import { useQuery } from '@tanstack/react-query';
import type { Alert } from '@yumops/protocol';
import type { ReactNode } from 'react';
import { alertsQuery } from '../../api/queries.ts';
import { Freshness } from '../../components/freshness.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { AlertRow } from './alert-row.tsx';

/** Firing by rule, then what may fire soon, then what fires and is muted. */
export function Now() {
  const refetchInterval = useLiveInterval();
  const firing = useQuery({ ...alertsQuery('firing'), refetchInterval });
  const pending = useQuery({ ...alertsQuery('pending'), refetchInterval });
  const list = useListKeys<HTMLDivElement>();
  const note = <Freshness updatedAt={firing.dataUpdatedAt} failed={firing.isError} />;
  return (
    <div className="alerts" ref={list}>
      <QueryView query={firing} what="the firing alerts" rows={6}>
        {({ items }) => {
          const loud = items.filter(({ mutedBy }) => mutedBy === null);
          const muted = items.filter(({ mutedBy }) => mutedBy !== null);
          return (
            <>
              {loud.length === 0 && <AllQuiet note={note} />}
              {byRule(loud).map(([rule, alerts]) => (
                <Panel
                  key={rule}
                  title={rule}
                  note={
                    <>
                      {plural(alerts.length, 'alert')} {note}
                    </>
                  }
                  flush
                >
                  <AlertList alerts={alerts} />
                </Panel>
              ))}
              <Pending alerts={pending.data?.items ?? []} />
              {muted.length > 0 && (
                <Panel title="Muted" note={`${plural(muted.length, 'alert')} firing, nobody is told`} flush>
                  <AlertList alerts={muted} />
                </Panel>
              )}
            </>
          );
        }}
      </QueryView>
    </div>
  );
}

function AllQuiet({ note }: { note: ReactNode }) {
  return (
    <Panel title="Firing" note={note}>
      <State tone="ok" word="Nothing is firing" />
    </Panel>
  );
}

function Pending({ alerts }: { alerts: readonly Alert[] }) {
  if (alerts.length === 0) return null;
  return (
    <Panel title="Pending" note="true now, not yet for long enough" flush>
      <AlertList alerts={alerts} />
    </Panel>
  );
}

function AlertList({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <ul>
      {alerts.map((alert) => (
        <li key={alert.id}>
          <AlertRow alert={alert} />
        </li>
      ))}
    </ul>
  );
}

const ORDER = { critical: 0, warning: 1, info: 2 };

/** Groups alerts by rule, the most severe rule first. */
function byRule(alerts: readonly Alert[]): [rule: string, alerts: Alert[]][] {
  const groups = new Map<string, Alert[]>();
  for (const alert of alerts.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])) {
    groups.set(alert.rule, [...(groups.get(alert.rule) ?? []), alert]);
  }
  return [...groups];
}
