import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Rule } from '@yumops/protocol';
import { rulesQuery } from '../../api/queries.ts';
import { ALERT_STATE } from '../../components/alert-state.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { glued } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';

/** A condition over a vital: the bare name, or one of its aggregates. */
const OVER_A_VITAL = /\b(?:[a-z]+\d*_)?(?:lcp|inp|cls|fcp|ttfb)\b/;

/** The limits that vitals are held to by alert rules. */
export function Budgets() {
  const query = useQuery({ ...rulesQuery, refetchInterval: useLiveInterval() });
  return (
    <Panel title="Budgets" flush>
      <QueryView query={query} what="the budgets" rows={2}>
        {({ items }) => {
          const budgets = items.filter(({ condition }) => OVER_A_VITAL.test(condition));
          return budgets.length === 0 ? <NoBudgets /> : <List rules={budgets} />;
        }}
      </QueryView>
    </Panel>
  );
}

function List({ rules }: { rules: readonly Rule[] }) {
  return (
    <ul>
      {rules.map(({ name, sentence, state }) => (
        <li key={name} className="budget">
          <State {...ALERT_STATE[state]} />
          <span className="budget-text">
            <Link to="/alerts/rules/$name" params={{ name }}>
              {name}
            </Link>
            <span>{glued(sentence)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function NoBudgets() {
  return (
    <Empty title="No vital has a budget">
      An alert rule with a condition such as <code>lcp &gt; 2500ms</code> and <code>by: [route]</code> holds every page
      to it.
    </Empty>
  );
}
