import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReleaseViews, VitalComparison, VitalSample, VitalsComparison } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { type Look, State } from '../../components/state.tsx';
import { formatPercent } from '../../format/number.ts';
import { comparisonQuery, type VitalFilter } from './users-queries.ts';
import { formatVital } from './vital.tsx';

const route = getRouteApi('/console/users');

const VERDICTS: Record<VitalComparison['verdict'], Look> = {
  better: { tone: 'ok', word: 'Better' },
  worse: { tone: 'bad', word: 'Worse' },
  'no-difference': { tone: 'none', word: 'No clear difference', icon: 'info' },
  'too-few': { tone: 'unknown', word: 'Too few page views' },
};

/** Two releases side by side: by default the newest and the one before it. */
export function Compare({ filter }: { filter: VitalFilter }) {
  const { before, after } = route.useSearch();
  const query = useQuery(comparisonQuery(filter, { before, after }));
  return (
    <Panel title="Two releases" note="p75 with its 95 % interval" flush>
      <QueryView query={query} what="the comparison" rows={5}>
        {(answer) => (answer.releases.length < 2 ? <OneRelease answer={answer} /> : <Table answer={answer} />)}
      </QueryView>
    </Panel>
  );
}

function OneRelease({ answer: { releases } }: { answer: VitalsComparison }) {
  const [only] = releases;
  return (
    <Empty title={only ? `Only ${only.release} in this time` : 'No release in this time'}>
      {only ? (
        'A longer range may have the release before it.'
      ) : (
        <>
          Set <code>release</code> of the browser SDK to compare deploys.
        </>
      )}
    </Empty>
  );
}

function Table({ answer }: { answer: VitalsComparison }) {
  const { before, after, releases, items } = answer;
  return (
    <>
      <div className="compare-pair">
        <Pick side="before" label="Before" value={before} releases={releases} />
        <Pick side="after" label="After" value={after} releases={releases} />
      </div>
      {items.length === 0 ? (
        <Empty title="No page views to compare">Pick two releases that people used in this time.</Empty>
      ) : (
        <ScrollRegion label="Vitals of two releases">
          <table className="compare">
            <thead>
              <tr>
                <th scope="col">Vital</th>
                <th scope="col" className="number">
                  {before}
                </th>
                <th scope="col" className="number">
                  {after}
                </th>
                <th scope="col" className="number">
                  Difference
                </th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <Row key={item.name} item={item} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </>
  );
}

interface PickProps {
  side: 'before' | 'after';
  label: string;
  value: string | null;
  releases: readonly ReleaseViews[];
}

function Pick({ side, label, value, releases }: PickProps) {
  const navigate = route.useNavigate();
  // A release that a link names may have no page views in the range.
  const missing = value !== null && !releases.some(({ release }) => release === value);
  return (
    <label className="compare-pick">
      <span>{label}</span>
      <select
        className="input"
        value={value ?? ''}
        onChange={({ target }) => void navigate({ search: (old) => ({ ...old, [side]: target.value }) })}
      >
        {value === null && <option value="">none</option>}
        {missing && <option value={value}>{value}: no page views</option>}
        {releases.map(({ release, views }) => (
          <option key={release} value={release}>
            {release}: {views.toLocaleString('en')} views
          </option>
        ))}
      </select>
    </label>
  );
}

function Row({ item }: { item: VitalComparison }) {
  const { name, before, after, difference, share, verdict } = item;
  const sign = (value: number) => (value > 0 ? '+' : value < 0 ? '−' : '');
  return (
    <tr>
      <th scope="row">{name}</th>
      <Sample item={item} sample={before} />
      <Sample item={item} sample={after} />
      <td className="number figures">
        {difference === null ? (
          <span className="quiet">none</span>
        ) : (
          <>
            {sign(difference)}
            {formatVital(name, Math.abs(difference))}
            {share !== null && (
              <span className="quiet compare-note">
                {sign(share)}
                {formatPercent(Math.abs(share) * 100)}
              </span>
            )}
          </>
        )}
      </td>
      <td>
        <State {...VERDICTS[verdict]} />
      </td>
    </tr>
  );
}

function Sample({ item: { name }, sample }: { item: VitalComparison; sample: VitalSample | null }) {
  if (!sample) return <td className="number quiet">none</td>;
  return (
    <td className="number figures">
      {formatVital(name, sample.p75)}
      <span className="quiet compare-note">
        {formatVital(name, sample.low)} to {formatVital(name, sample.high)}, {sample.count.toLocaleString('en')} views
      </span>
    </td>
  );
}
