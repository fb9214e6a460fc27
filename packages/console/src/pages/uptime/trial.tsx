import type { MonitorTrial } from '@yumops/protocol';
import { MONITOR_STATE } from '../../components/monitor-state.ts';
import { State } from '../../components/state.tsx';
import { formatMilliseconds } from '../../format/number.ts';

const PHASES = [
  ['dns', 'DNS'],
  ['connect', 'connect'],
  ['tls', 'TLS'],
  ['firstByte', 'first byte'],
  ['body', 'body'],
] as const;

/** In a long form it would come out of sight. */
function showIt(part: HTMLElement | null): void {
  part?.scrollIntoView({ block: 'nearest' });
}

/** What one check said that counts for nothing. */
export function Trial({ trial }: { trial: MonitorTrial }) {
  const { verdict, reason, durationMs, phases, expectation, named, evidence, statusCode } = trial;
  const spent = PHASES.flatMap(([phase, label]) => {
    const ms = phases[phase];
    return ms === null ? [] : [`${label} ${formatMilliseconds(ms)}`];
  });
  return (
    <section className="trial" aria-label="What one check says" role="status" ref={showIt}>
      <p className="trial-head">
        <State {...MONITOR_STATE[verdict]} look="badge" />
        <span className="quiet">
          in {formatMilliseconds(durationMs)}
          {statusCode !== null && `, status ${statusCode}`}
        </span>
      </p>
      <p>{reason ?? `As expected: ${expectation.join(', ')}.`}</p>
      {spent.length > 0 && <p className="form-help">{spent.join(' · ')}</p>}
      {named.length > 0 && (
        <p className="form-help">{named.map(({ name, verdict: of }) => `${name} ${of}`).join(' · ')}</p>
      )}
      {evidence !== null && evidence.body !== '' && <pre className="evidence-text trial-body">{evidence.body}</pre>}
    </section>
  );
}
