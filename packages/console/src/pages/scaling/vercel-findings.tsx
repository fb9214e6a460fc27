import type { ScalingReport, VercelFinding } from '@yumops/protocol';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { State, type Tone } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';

const TONES: Record<VercelFinding['severity'], Tone> = { error: 'bad', warning: 'warn', info: 'info' };

/** What is to be said about the vercel.json of the configuration. */
export function VercelFindings({ vercel }: { vercel: ScalingReport['vercel'] }) {
  if (vercel === null) {
    return (
      <Panel title="vercel.json">
        <Empty title="No vercel.json is named">
          <p>Name it in the configuration, and it is judged by the limits of the plan and by what was measured:</p>
          <Command line="scaling: {vercel: vercel.json, plan: pro}" what="line" />
        </Empty>
      </Panel>
    );
  }
  const { file, plan, findings } = vercel;
  return (
    <Panel title={file} note={`plan ${plan}, ${plural(findings.length, 'finding')}`} flush>
      {findings.length === 0 ? (
        <Empty title="Nothing to say">It fits the plan, the project and what was measured.</Empty>
      ) : (
        <ul className="advice-list">
          {findings.map(({ line, col, code, severity, message, suggestion }) => (
            <li key={`${line}:${col} ${code}`} className="vercel-finding">
              <State tone={TONES[severity]} word={code} />
              <code>{`${line}:${col}`}</code>
              <span>
                {message}
                {suggestion !== null && (
                  <span className="quiet">{`. ${suggestion.charAt(0).toUpperCase()}${suggestion.slice(1)}.`}</span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
