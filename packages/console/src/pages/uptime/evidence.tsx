import type { Check, CheckFile } from '@yumops/protocol';
import { Command } from '../../components/command.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { Instant } from '../../components/when.tsx';
import { formatBytes, formatMilliseconds } from '../../format/number.ts';

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
        {evidence?.files !== undefined && evidence.files.length > 0 && <Recorded files={evidence.files} />}
        {evidence !== null && <Answer headers={evidence.headers} body={evidence.body} />}
      </div>
    </Panel>
  );
}

const addressOf = ({ name }: CheckFile) => `/api/v1/check-files/${encodeURIComponent(name)}`;

/** The page as it was when a journey failed, and the way to look through all of it. */
function Recorded({ files }: { files: readonly CheckFile[] }) {
  const screenshot = files.find(({ kind }) => kind === 'screenshot');
  const trace = files.find(({ kind }) => kind === 'trace');
  return (
    <div className="recorded">
      {screenshot !== undefined && (
        <a href={addressOf(screenshot)} target="_blank" rel="noreferrer">
          <img className="recorded-page" src={addressOf(screenshot)} alt="The page when the journey failed" />
        </a>
      )}
      {trace !== undefined && (
        <p className="recorded-trace">
          <a href={addressOf(trace)} download={trace.name}>
            Download the trace
          </a>{' '}
          <span className="quiet">{formatBytes(trace.bytes)}, every step with its page; look through it with</span>
          <Command line={`npx playwright show-trace ${trace.name}`} />
        </p>
      )}
    </div>
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
