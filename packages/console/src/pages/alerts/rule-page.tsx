import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { RuleDetail, RuleSeries } from '@yumops/protocol';
import { ruleQuery } from '../../api/queries.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { ALERT_STATE } from '../../components/alert-state.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, formatQuantity, formatSpan, glued, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { RuleReceivers } from './rule-receivers.tsx';
import { RuleReplayPanel } from './rule-replay.tsx';
import { QueryText } from './rules.tsx';
import './alerts.css';

const route = getRouteApi('/console/alerts/rules/$name');
const TOKENS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5'] as const;

/** One rule: what it says, what it saw, what it would have done, and whom it tells. */
export function RulePage() {
  const { name } = route.useParams();
  const query = useQuery({ ...ruleQuery(name), refetchInterval: useLiveInterval() });
  return (
    <Page
      title={query.data?.name ?? name}
      actions={
        <Link to="/alerts" search={{ view: 'rules' }}>
          All rules
        </Link>
      }
    >
      <QueryView query={query} what="the rule" rows={8}>
        {(rule) => (
          <div className="alert-details">
            <RuleHead rule={rule} />
            <ValueChart rule={rule} />
            <SampleChart rule={rule} />
            <RuleReplayPanel name={rule.name} />
            <RuleReceivers rule={rule} />
            <Panel title="What it asks">
              <QueryText query={rule.query} />
            </Panel>
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function RuleHead({ rule }: { rule: RuleDetail }) {
  return (
    <section className="alert-head" aria-label="Now">
      <p className="alert-states">
        <State {...ALERT_STATE[rule.state]} look="badge" />
        <State {...SEVERITY[rule.severity]} />
        <span className="quiet">
          looked at every {formatSpan(rule.evaluatedEverySeconds * 1_000)}, last{' '}
          {rule.lastEvaluatedAt === null ? 'not yet' : <When at={rule.lastEvaluatedAt} />}
        </span>
      </p>
      <p className="alert-sentence">{glued(rule.sentence)}</p>
      {rule.reason !== null && <p className="quiet">{rule.reason}</p>}
    </section>
  );
}

function ValueChart({ rule }: { rule: RuleDetail }) {
  const shown = rule.series.slice(0, TOKENS.length);
  if (shown.length === 0) {
    return (
      <Panel title="Value, last 3 hours">
        <p className="alert-none">The rule has seen nothing in the last three hours.</p>
      </Panel>
    );
  }
  const format = (value: number) => formatQuantity(value, rule.unit);
  const limit = `limit ${format(rule.threshold)}`;
  const more = rule.seriesTotal - shown.length;
  const times = timesOf(shown);
  return (
    <TimeChart
      title={
        more > 0 ? `Value, last 3 hours: the highest ${shown.length} of ${rule.seriesTotal}` : 'Value, last 3 hours'
      }
      summary={`${rule.name}: now ${formatQuantity(rule.value, rule.unit)}, ${limit}.`}
      kind="lines"
      times={times}
      series={shown.map((series, index) => ({
        label: nameOf(series) || rule.name,
        token: TOKENS[index] ?? 'series-1',
        values: valuesAt(series, times, 1),
      }))}
      format={format}
      threshold={{ value: rule.threshold, label: limit }}
    />
  );
}

/** A ratio of a handful says little: how much the value stands on. */
function SampleChart({ rule }: { rule: RuleDetail }) {
  const shown = rule.series.slice(0, TOKENS.length);
  if (shown.length === 0) return null;
  const times = timesOf(shown);
  const least = rule.minCount > 0 ? `at least ${plural(rule.minCount, 'sample')} to judge` : 'every sample counts';
  return (
    <TimeChart
      title="Sample size in the window"
      summary={`${rule.name}: a sample of ${rule.sample === null ? 'unknown size' : formatCount(rule.sample)} now, ${least}.`}
      kind="lines"
      times={times}
      series={shown.map((series, index) => ({
        label: nameOf(series) || 'samples',
        token: TOKENS[index] ?? 'series-1',
        values: valuesAt(series, times, 2),
      }))}
      format={formatCount}
      {...(rule.minCount > 0
        ? { threshold: { value: rule.minCount, label: `minimum ${formatCount(rule.minCount)}` } }
        : {})}
    />
  );
}

function timesOf(series: readonly RuleSeries[]): number[] {
  return [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
}

function valuesAt({ points }: RuleSeries, times: readonly number[], part: 1 | 2): (number | null)[] {
  const known = new Map(points.map((point) => [point[0], point[part]]));
  return times.map((at) => known.get(at) ?? null);
}

function nameOf({ labels }: RuleSeries): string {
  return Object.values(labels)
    .filter((value) => value !== '')
    .join(', ');
}
