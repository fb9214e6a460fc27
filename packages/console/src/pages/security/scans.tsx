import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityFinding, SecurityScan, SecurityScanReport } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { changeText, checkLook, KINDS, openLook } from './finding-look.ts';
import { scanPath, scanQuery, scansQuery } from './finding-queries.ts';
import { FindingRow } from './finding-row.tsx';
import { ScanNow } from './scan-now.tsx';

const route = getRouteApi('/console/security');

/** Every scan that ran, the newest first. */
export function Scans() {
  const query = useQuery(scansQuery);
  return (
    <QueryView query={query} what="the scans" rows={6}>
      {({ items }) => (
        <Panel title="Scans" note={String(items.length)} actions={<ScanNow />} flush>
          {items.length === 0 ? (
            <Empty title="No scan has run yet">
              <p>
                The scan runs every Monday, the audit on the first of each month; <code>yumops security scan</code> runs
                one now.
              </p>
            </Empty>
          ) : (
            <ul>
              {items.map((item) => (
                <ScanRow key={item.id} item={item} />
              ))}
            </ul>
          )}
        </Panel>
      )}
    </QueryView>
  );
}

function ScanRow({ item }: { item: SecurityScan }) {
  return (
    <li>
      <route.Link to="." search={(old) => ({ ...old, scan: item.id })} className="attack-row scan-row">
        <strong>{KINDS[item.kind]}</strong>
        <State {...openLook(item.open)} />
        <span className="quiet">{changeText(item)}</span>
        <span className="quiet">
          <Instant at={item.endedAt} />
        </span>
      </route.Link>
    </li>
  );
}

/** The report of one scan: what is new, graver, still open, gone, and accepted. */
export function ScanReport({ id }: { id: string }) {
  const query = useQuery(scanQuery(id));
  return (
    <QueryView query={query} what="the report" rows={8}>
      {(report) => <Report report={report} />}
    </QueryView>
  );
}

function Report({ report }: { report: SecurityScanReport }) {
  return (
    <div className="security-lists">
      <section className="panel scan-head" aria-label="In short">
        <div className="scan-head-text">
          <p className="security-verdict">
            <State {...openLook(report.open)} />
          </p>
          <p className="quiet">
            {KINDS[report.kind]} of {report.service}, <Instant at={report.endedAt} />, started by {report.by}:{' '}
            {changeText(report)}
          </p>
        </div>
        <div className="scan-now">
          <route.Link to="." className="button" search={(old) => ({ ...old, scan: undefined })}>
            All scans
          </route.Link>
          <a className="button" href={`${scanPath(report.id)}/report.md`} download={`${report.kind}-${report.id}.md`}>
            Markdown
          </a>
        </div>
      </section>
      <Listed title="New" items={report.freshFindings} />
      <Listed title="Graver than before" items={report.worseFindings} />
      <Listed title="Still open" items={report.remainingFindings} />
      <Listed title="Gone" items={report.goneFindings} />
      <Listed title="Accepted" items={report.acceptedFindings} />
      {report.leftOut > 0 && (
        <p className="quiet">{plural(report.leftOut, 'further finding')} of long lists stand under Findings alone.</p>
      )}
      <Checks report={report} />
    </div>
  );
}

function Listed({ title, items }: { title: string; items: readonly SecurityFinding[] }) {
  if (items.length === 0) return null;
  return (
    <Panel title={title} note={plural(items.length, 'finding')} flush>
      <div className="attack-list">
        <ul>
          {items.map((item) => (
            <FindingRow key={item.id} item={item}>
              {item.accepted !== null && <span className="quiet">until {item.accepted.until.slice(0, 10)}</span>}
            </FindingRow>
          ))}
        </ul>
      </div>
    </Panel>
  );
}

function Checks({ report: { checks } }: { report: SecurityScanReport }) {
  return (
    <Panel title="What was looked at" note={plural(checks.length, 'check')} flush>
      <ul>
        {checks.map((check) => (
          <li key={check.name} className="scan-check">
            <strong>{check.title}</strong>
            <State {...checkLook(check)} />
            <span className="quiet">{check.looked}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
