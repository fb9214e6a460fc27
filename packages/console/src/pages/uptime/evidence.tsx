import type { Check } from '@yumops/protocol';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { Instant } from '../../components/when.tsx';
import { formatMilliseconds } from '../../format/number.ts';

/** What the last failed check saw. */
export function Evidence({ checks }: { checks: readonly Check[] }) {
  const failed = checks.find(({ ok }) => !ok);
  if (failed === undefined) return null;
  const { evidence } = failed;
  return (
    <Panel title="Last failure" note={<Instant at={failed.timestamp} />}>
      <div className="evidence">
        <p className="monitor-reason">{failed.reason ?? 'The check failed without a reason'}</p>
        <dl className="facts">
          <dt>Status</dt>
          <dd>{evidence?.status ?? failed.statusCode ?? 'no answer'}</dd>
          <dt>Took</dt>
          <dd>{formatMilliseconds(failed.durationMs)}</dd>
          <dt>From</dt>
          <dd>{failed.location}</dd>
        </dl>
        {evidence !== null && <Answer headers={evidence.headers} body={evidence.body} />}
      </div>
    </Panel>
  );
}

function Answer({ headers, body }: { headers: Record<string, string>; body: string }) {
  const text = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return (
    <>
      {text !== '' && (
        <details>
          <summary>Headers</summary>
          <pre className="evidence-text">{text}</pre>
        </details>
      )}
      {body !== '' && (
        <div>
          <h3 className="evidence-head">
            Start of the body <CopyButton text={body} label="Copy the body" />
          </h3>
          <pre className="evidence-text">{body}</pre>
        </div>
      )}
    </>
  );
}
