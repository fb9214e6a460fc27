import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { LogPattern, LogPatterns } from '@yumops/protocol';
import { Fragment, useMemo } from 'react';
import { Empty } from '../../components/notice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { formatCount, formatPercent, plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { patternsQuery } from './logs-queries.ts';
import { NoLines } from './no-lines.tsx';
import { QueryBox } from './query-box.tsx';
import './patterns-view.css';

const route = getRouteApi('/console/logs');

/** What the messages of a search have in common: one line a form, the commonest first. */
export function PatternsView() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const { span, refresh } = usePageTime();
  const search = useMemo(() => ({ q, span }), [q, span]);
  const query = useQuery(patternsQuery(search));
  const setQuery = (next: string) => {
    refresh();
    void navigate({ search: (old) => ({ ...old, q: next || undefined }) });
  };
  return (
    <>
      <div className="logs-tools">
        <QueryBox query={q} counts={[]} submit={setQuery} />
      </div>
      <div className="patterns">
        <QueryView query={query} what="the patterns" rows={10}>
          {(answer) => (answer.total === 0 ? <NoLines q={q} /> : <Patterns answer={answer} q={q} />)}
        </QueryView>
      </div>
    </>
  );
}

function Patterns({ answer, q }: { answer: LogPatterns; q: string }) {
  if (answer.items.length === 0) return <Empty title="No messages">The lines of this range say nothing.</Empty>;
  const most = answer.items[0]?.count ?? 1;
  return (
    <>
      <p className="quiet patterns-note">
        {plural(answer.items.length, 'form')} in {plural(answer.lines, 'line')}
        {answer.lines < answer.total && `, the newest of ${answer.total.toLocaleString('en')}`}
      </p>
      <ul>
        {answer.items.map((pattern) => (
          <li key={pattern.template}>
            <PatternRow pattern={pattern} share={pattern.count / answer.lines} of={pattern.count / most} q={q} />
          </li>
        ))}
      </ul>
    </>
  );
}

function PatternRow({ pattern, share, of, q }: { pattern: LogPattern; share: number; of: number; q: string }) {
  const { template, count, errors, example } = pattern;
  return (
    <route.Link
      to="."
      search={(old) => ({ ...old, view: undefined, q: [q, pattern.q].filter(Boolean).join(' ') || undefined })}
      className="pattern"
      title={`For example: ${example}`}
    >
      <span className="pattern-count figures">
        {formatCount(count)}
        <span className="quiet">{formatPercent(share * 100)}</span>
        <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect width={of * 100} height="4" />
        </svg>
      </span>
      <span className="pattern-template mono">
        {template === '' ? <span className="quiet">without a message</span> : <Template text={template} />}
      </span>
      {errors > 0 && <State tone="bad" word={plural(errors, 'error')} />}
    </route.Link>
  );
}

/** What differs stands out from what stays. */
function Template({ text }: { text: string }) {
  const parts = text.split('<*>');
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no identity and never move
    <Fragment key={index}>
      {index > 0 && <span className="pattern-any">*</span>}
      {part}
    </Fragment>
  ));
}
