import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityFinding, SecuritySummary } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State, type StateProps } from '../../components/state.tsx';
import { Views } from '../../components/views.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { Attacks } from './attacks.tsx';
import { BlockForm } from './block-form.tsx';
import { DetectionDetails } from './detection-details.tsx';
import { Events } from './events.tsx';
import { AcceptForm, AssignForm, FindingDetails } from './finding-details.tsx';
import { Findings } from './findings.tsx';
import { Restrictions } from './restrictions.tsx';
import { ScanReport, Scans } from './scans.tsx';
import { shortAccount } from './security-look.ts';
import { type SecurityFilter, summaryQuery } from './security-queries.ts';
import { Sources } from './sources.tsx';
import './security.css';

const route = getRouteApi('/console/security');

const VIEWS = [
  { view: undefined, label: 'Attacks' },
  { view: 'blocks', label: 'Blocks' },
  { view: 'sources', label: 'Sources' },
  { view: 'events', label: 'Events' },
  { view: 'findings', label: 'Findings' },
  { view: 'scans', label: 'Scans' },
];

/** Views of what scans say, which is no matter of a time range. */
const OF_SCANS = ['findings', 'scans'];

/** Who attacks the application, who is shut out for it, what each did, and what scans say is wrong. */
export function SecurityPage() {
  const { view, detection, finding, do: doing, value } = route.useSearch();
  const navigate = route.useNavigate();
  const { span } = usePageTime();
  const query = useQuery(summaryQuery(span));
  const endDoing = () => void navigate({ search: (old) => ({ ...old, do: undefined, value: undefined }) });
  return (
    <Page title="Security" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      {!OF_SCANS.includes(view ?? '') && (
        <QueryView query={query} what="the summary" rows={3}>
          {(summary) => <Summary summary={summary} />}
        </QueryView>
      )}
      <Views page="/security" views={VIEWS} current={view} />
      <View />
      {detection !== undefined && (
        <Drawer title="Attack" close={() => void navigate({ search: (old) => ({ ...old, detection: undefined }) })}>
          <DetectionDetails id={detection} />
        </Drawer>
      )}
      {finding !== undefined && (
        <Drawer title="Finding" close={() => void navigate({ search: (old) => ({ ...old, finding: undefined }) })}>
          <FindingDetails id={finding} />
        </Drawer>
      )}
      {doing === 'block' && <BlockForm value={value ?? ''} close={endDoing} />}
      {doing === 'accept' && finding !== undefined && <AcceptForm id={finding} close={endDoing} />}
      {doing === 'assign' && finding !== undefined && <AssignForm id={finding} close={endDoing} />}
    </Page>
  );
}

const isState = (text: string | undefined): text is SecurityFinding['state'] =>
  text === 'open' || text === 'accepted' || text === 'resolved';

function View() {
  const { view, detection, finding, state, scan, ip, network, account } = route.useSearch();
  const { span } = usePageTime();
  const filter: SecurityFilter = { ...span, ip, network, account };
  if (view === 'findings') return <Findings state={isState(state) ? state : 'open'} open={finding} />;
  if (view === 'scans') return scan === undefined ? <Scans /> : <ScanReport id={scan} />;
  if (view === 'blocks') return <Restrictions />;
  return (
    <>
      <Chosen filter={filter} />
      {view === 'sources' ? (
        <Sources filter={filter} />
      ) : view === 'events' ? (
        <Events filter={filter} />
      ) : (
        <Attacks filter={filter} open={detection} />
      )}
    </>
  );
}

function verdictOf({ attacks, blocks }: SecuritySummary): StateProps {
  const grave = attacks.critical + attacks.high;
  const other = attacks.medium + attacks.low;
  const shut = blocks === 0 ? 'nobody is shut out' : `${plural(blocks, 'block')} in force`;
  if (attacks.critical > 0) return { tone: 'bad', word: `An account may have been taken over; ${shut}` };
  if (grave > 0) return { tone: 'bad', word: `${plural(grave, 'attack')} within the last 15 minutes; ${shut}` };
  if (other > 0) return { tone: 'warn', word: `Something looked odd within the last 15 minutes; ${shut}` };
  return { tone: 'ok', word: `No attack within the last 15 minutes; ${shut}` };
}

function Summary({ summary }: { summary: SecuritySummary }) {
  const { series, notes } = summary;
  const failures = series.reduce((sum, one) => sum + one.failures, 0);
  const successes = series.reduce((sum, one) => sum + one.successes, 0);
  return (
    <section className="panel security-summary" aria-label="Now">
      <p className="security-verdict">
        <State {...verdictOf(summary)} />
      </p>
      <TimeChart
        title="Sign-ins"
        summary={`${plural(failures, 'sign-in')} failed and ${successes} succeeded in this range.`}
        kind="bars"
        times={series.map(({ at }) => Date.parse(at))}
        series={[
          { label: 'succeeded', token: 'level-info', values: series.map((one) => one.successes) },
          { label: 'failed', token: 'level-error', values: series.map((one) => one.failures) },
          { label: 'other events', token: 'level-debug', values: series.map((one) => one.other) },
        ]}
        format={formatCount}
        height={96}
        step={series.length > 1 ? Date.parse(series[1]?.at ?? '') - Date.parse(series[0]?.at ?? '') : 60_000}
      />
      {notes.map(({ code, message }) => (
        <p key={code} className="quiet">
          {message}
        </p>
      ))}
    </section>
  );
}

/** The filters that are set, each of which can be taken away. */
function Chosen({ filter }: { filter: SecurityFilter }) {
  const navigate = route.useNavigate();
  const names = (['ip', 'network', 'account'] as const).filter((name) => filter[name] !== undefined);
  if (names.length === 0) return null;
  return (
    <p className="security-filters">
      {names.map((name) => (
        <Button
          key={name}
          icon="close"
          aria-label={`Show others than ${filter[name]}`}
          onClick={() => void navigate({ search: (old) => ({ ...old, [name]: undefined }) })}
        >
          {name === 'account' ? shortAccount(filter.account ?? '') : filter[name]}
        </Button>
      ))}
    </p>
  );
}
