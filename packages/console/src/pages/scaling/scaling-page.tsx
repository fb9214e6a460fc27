import { useQuery } from '@tanstack/react-query';
import type { CapacityResource, ScalingReport } from '@yumops/protocol';
import { Freshness } from '../../components/freshness.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { Figures } from './figures.tsx';
import { Recommendations } from './recommendations.tsx';
import { Resources } from './resources.tsx';
import { Routes } from './routes.tsx';
import { outlookLook } from './scaling-look.ts';
import { scalingQuery } from './scaling-queries.ts';
import { VercelFindings } from './vercel-findings.tsx';
import '../../components/verdict.css';
import './scaling.css';

/** The server makes no report more often, ms. */
const LEAST_INTERVAL = 60_000;

/** Days to the first limit and which it is; then what it rests on, and what to do. */
export function ScalingPage() {
  const live = useLiveInterval();
  const query = useQuery({ ...scalingQuery, refetchInterval: live === false ? false : Math.max(live, LEAST_INTERVAL) });
  return (
    <Page title="Scaling" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <QueryView query={query} what="the capacity" rows={8}>
        {(report) => <Report report={report} />}
      </QueryView>
    </Page>
  );
}

function Report({ report }: { report: ScalingReport }) {
  return (
    <div className="scaling">
      <Verdict resources={report.resources} />
      <Resources resources={report.resources} />
      <div className="scaling-pair scaling-halves">
        <Recommendations items={report.recommendations} />
        <VercelFindings vercel={report.vercel} />
      </div>
      <Routes routes={report.routes} />
      <Figures figures={report.figures} />
      {report.problems.length > 0 && (
        <Panel title="Not measured" flush>
          <ul className="advice-list">
            {report.problems.map(({ source, message }) => (
              <li key={source} className="advice">
                <strong>{source}</strong>
                <span>{message}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

/** The first limit, in a sentence; where none is in sight, that, and of how many resources nothing can be said. */
function Verdict({ resources }: { resources: readonly CapacityResource[] }) {
  const [first] = resources;
  const unknown = resources.filter(({ outlook }) => outlook.state === 'unknown').length;
  const rest =
    unknown === 0 ? '' : ` Of ${unknown} of ${resources.length} nothing can be said yet, or no limit is known.`;
  const limited = first?.outlook.state === 'limit' || first?.outlook.state === 'full';
  if (first !== undefined && limited) {
    const { tone } = outlookLook(first.outlook);
    return (
      <section className={`verdict tone-${tone}`} aria-label="Verdict">
        <p className="verdict-sentence">{first.sentence}</p>
        <p className="quiet">{`It is the first of ${resources.length} resources to reach its limit.${rest}`}</p>
      </section>
    );
  }
  const known = resources.length - unknown;
  return (
    <section className={`verdict tone-${known === 0 ? 'unknown' : 'ok'}`} aria-label="Verdict">
      <p className="verdict-sentence">
        {known === 0 ? 'When a limit is reached is not known yet.' : 'No limit is in sight.'}
      </p>
      <p className="quiet">
        {known === 0
          ? 'A day of history is needed, and a limit.'
          : `That holds for ${known} of ${resources.length} resources.${rest}`}
      </p>
    </section>
  );
}
