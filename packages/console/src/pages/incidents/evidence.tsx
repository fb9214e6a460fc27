import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { IncidentDetail, IncidentEvidence } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { evidenceQuery } from './incident-queries.ts';

const route = getRouteApi('/console/incidents/$id');
const SHOWN = 200;

/** What telemetry said around the beginning, which no retention takes away. */
export function Evidence({ incident, open }: { incident: IncidentDetail; open: string | undefined }) {
  if (incident.evidence.length === 0) {
    return (
      <Empty title="No evidence yet">Telemetry of 15 minutes before and after the beginning will be copied here.</Empty>
    );
  }
  return (
    <div className="incidents">
      <Panel title="Frozen" note="15 minutes before and after the beginning" flush>
        <ul>
          {incident.evidence.map((one) => (
            <li key={one.kind}>
              <route.Link
                to="."
                search={(old) => ({ ...old, evidence: one.kind })}
                className="evidence-row"
                data-current={one.kind === open}
              >
                <strong>{one.title}</strong>
                <Taken evidence={one} />
                <span className="quiet">
                  {plural(one.total, 'row')}
                  {one.kept < one.total && `, ${one.kept} kept`}
                </span>
              </route.Link>
            </li>
          ))}
        </ul>
      </Panel>
      {open !== undefined && <Rows id={incident.id} kind={open} />}
    </div>
  );
}

function Taken({ evidence: { error, complete, takenAt } }: { evidence: IncidentEvidence }) {
  if (error !== null) return <State tone="bad" word={`Could not be read, is tried again: ${error}`} />;
  return complete ? (
    <State tone="ok" word="Complete" />
  ) : (
    <span className="quiet">
      taken <Instant at={takenAt} />, again when the time has passed
    </span>
  );
}

function Rows({ id, kind }: { id: string; kind: string }) {
  return (
    <QueryView query={useQuery(evidenceQuery(id, kind))} what="the rows" rows={6}>
      {({ title, rows, query }) => (
        <Panel
          title={title}
          note={rows.length > SHOWN ? `the first ${SHOWN} of ${rows.length}` : String(rows.length)}
          flush
        >
          <pre className="evidence-query">{query}</pre>
          {rows.length === 0 ? (
            <p className="incident-none">There was nothing.</p>
          ) : (
            <ScrollRegion className="incident-table" label={`Rows of ${title}`}>
              <table>
                <thead>
                  <tr>
                    {Object.keys(rows[0] ?? {}).map((name) => (
                      <th key={name}>{name}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows.slice(0, SHOWN).map((row) => (
                    <tr key={JSON.stringify(row)}>
                      {Object.entries(row).map(([name, value]) => (
                        <td key={name}>{textOf(value)}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollRegion>
          )}
        </Panel>
      )}
    </QueryView>
  );
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
