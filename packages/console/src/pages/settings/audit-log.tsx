import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditItem } from '@yumops/protocol';
import { auditQuery, auditVerdictQuery } from '../../api/access.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';

const route = getRouteApi('/console/settings');

/** Who did what, newest first, and whether the log is whole. */
export function AuditLog() {
  const { action = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const entries = useQuery(auditQuery(action));
  const nouns = [
    '',
    'alert.',
    'silence.',
    'incident.',
    'job.',
    'token.',
    'ingest_key.',
    'passkey.',
    'secrets.',
    'user.',
    'tool.',
  ];
  return (
    <Panel
      title="Audit log"
      flush
      note={<Verdict />}
      actions={
        <>
          <select
            className="input"
            aria-label="Which entries"
            value={action}
            onChange={(event) => void navigate({ search: { view: 'audit', action: event.target.value || undefined } })}
          >
            {nouns.map((noun) => (
              <option key={noun} value={noun}>
                {noun === '' ? 'All' : `${noun.slice(0, -1).replace(/_/g, ' ').replace(/s$/, '')}s`}
              </option>
            ))}
          </select>
          <a className="button" href="/api/v1/audit.ndjson" download="audit.ndjson">
            Export
          </a>
        </>
      }
    >
      <QueryView query={entries} what="the audit log" rows={8}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="access-empty quiet">No entry of this kind yet.</p>
          ) : (
            <Entries items={items} />
          )
        }
      </QueryView>
    </Panel>
  );
}

function Verdict() {
  const verdict = useQuery(auditVerdictQuery).data;
  if (verdict === undefined) return null;
  const [fault] = verdict.faults;
  if (fault !== undefined) return <State tone="bad" word={fault.message} />;
  return <State tone="ok" word={`${verdict.entries.toLocaleString('en')} entries, unbroken`} />;
}

function Entries({ items }: { items: readonly AuditItem[] }) {
  return (
    <ul className="access-list audit-list">
      {items.map(({ id, at, actor, action, target, detail }) => (
        <li key={id}>
          <span className="access-what">
            <strong>
              {action} <span className="audit-target">{target}</span>
            </strong>
            <span className="quiet">
              {actor}, <Instant at={at} />
              {Object.keys(detail).length > 0 && <code className="audit-detail">{JSON.stringify(detail)}</code>}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
