import { Link } from '@tanstack/react-router';
import type { Pipeline as PipelineFigures } from '@yumops/protocol';
import { Panel } from '../../components/panel.tsx';
import { State, type Tone } from '../../components/state.tsx';
import { formatBytes, formatCount, formatSpan } from '../../format/number.ts';

/** More than this behind is worth a look, seconds. */
const LAG_WARNING = 20;
/** More than this waiting on disk is worth a look, bytes. */
const SPOOL_WARNING = 64 * 1024 * 1024;

interface Figure {
  label: string;
  value: string;
  tone: Tone;
  word: string;
}

function figuresOf({ spoolBytes, lagSeconds, rejected, dropped }: PipelineFigures): Figure[] {
  const figure = (label: string, value: string, fault: Tone | null, word: string): Figure =>
    fault === null ? { label, value, tone: 'ok', word: 'fine' } : { label, value, tone: fault, word };
  return [
    figure('Waiting on disk', formatBytes(spoolBytes), spoolBytes > SPOOL_WARNING ? 'warn' : null, 'growing'),
    figure('Behind by', formatSpan(lagSeconds * 1000), lagSeconds > LAG_WARNING ? 'warn' : null, 'late'),
    figure('Lines refused', formatCount(rejected), rejected > 0 ? 'warn' : null, 'refused'),
    figure('Records dropped', formatCount(dropped), dropped > 0 ? 'bad' : null, 'lost'),
  ];
}

/** What the platform itself lost or has not stored yet. */
export function Pipeline({ pipeline }: { pipeline: PipelineFigures }) {
  return (
    <Panel
      title="Losses and lag of the platform"
      actions={
        <Link to="/errors" search={{ view: 'losses' }}>
          What was not received
        </Link>
      }
    >
      <dl className="pipeline">
        {figuresOf(pipeline).map(({ label, value, tone, word }) => (
          <div key={label}>
            <dt className="quiet">{label}</dt>
            <dd>
              <span className="pipeline-value figures">{value}</span>
              <State tone={tone} word={word} />
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
