import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Rule } from '@yumops/protocol';
import { useEffect, useRef } from 'react';
import { rulesQuery } from '../../api/queries.ts';
import { ALERT_STATE } from '../../components/alert-state.ts';
import { Command } from '../../components/command.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, glued, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';

const route = getRouteApi('/console/alerts');

/** Every rule as a sentence, with what it sees now and the query behind it. */
export function Rules() {
  const query = useQuery({ ...rulesQuery, refetchInterval: useLiveInterval() });
  const { rule: chosen } = route.useSearch();
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel title="Rules" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the rules" rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <NoRules />
          ) : (
            <ul ref={list}>
              {items.map((rule) => (
                <RuleItem key={rule.name} rule={rule} chosen={rule.name === chosen} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function RuleItem({ rule, chosen }: { rule: Rule; chosen: boolean }) {
  const item = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (chosen) item.current?.scrollIntoView({ block: 'center' });
  }, [chosen]);
  return (
    <li>
      <details className="rule" open={chosen} ref={item}>
        <summary className="rule-head" data-row>
          <State {...ALERT_STATE[rule.state]} />
          <span className="rule-text">
            <strong>{rule.name}</strong>
            <span className="rule-sentence">{glued(rule.sentence)}</span>
          </span>
          <State {...SEVERITY[rule.severity]} />
          <span className="alert-since">
            {rule.lastEvaluatedAt === null ? 'not yet' : <When at={rule.lastEvaluatedAt} />}
          </span>
        </summary>
        <RuleBody rule={rule} />
      </details>
    </li>
  );
}

function RuleBody({ rule }: { rule: Rule }) {
  return (
    <div className="rule-body">
      <dl className="facts">
        <dt>Condition</dt>
        <dd className="mono">{rule.condition}</dd>
        <dt>Over</dt>
        <dd>{rule.window}</dd>
        <dt>Sees now</dt>
        <dd>
          {rule.value === null ? UNKNOWN : formatCount(rule.value)}
          {rule.sample !== null && <span className="quiet"> from a sample of {formatCount(rule.sample)}</span>}
        </dd>
        {rule.reason !== null && (
          <>
            <dt>Because</dt>
            <dd>{rule.reason}</dd>
          </>
        )}
      </dl>
      <QueryText query={rule.query} />
      <p>
        <Link to="/alerts/rules/$name" params={{ name: rule.name }}>
          Graph, replay and test
        </Link>
      </p>
    </div>
  );
}

/** The query that is equivalent to a rule, to copy or to run. */
export function QueryText({ query }: { query: string }) {
  return (
    <div className="query-text">
      <header className="query-text-head">
        <h3>Equivalent query</h3>
        <CopyButton text={query} label="Copy the query" />
        <Link to="/logs" search={{ view: 'sql', sql: query }}>
          Run it
        </Link>
      </header>
      <pre>{query}</pre>
    </div>
  );
}

function NoRules() {
  return (
    <Empty title="No rules yet">
      <p>
        Every rule will be here as a sentence. Write rules in <code>monitoring/alert-rules.yml</code>; this checks the
        file:
      </p>
      <Command line="yumops check" />
    </Empty>
  );
}
