import type { Overview } from '@yumops/protocol';
import { type Look, State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { glued } from '../../format/number.ts';
import '../../components/verdict.css';

const LOOKS: Record<Overview['verdict'], Look> = {
  healthy: { tone: 'ok', word: 'Healthy' },
  degraded: { tone: 'warn', word: 'Degraded' },
  down: { tone: 'bad', word: 'Down' },
  unknown: { tone: 'unknown', word: 'Unknown' },
};

/** The whole state in one sentence. */
export function Verdict({ overview }: { overview: Overview }) {
  const { tone, word } = LOOKS[overview.verdict];
  return (
    <section className={`verdict tone-${tone}`} aria-label="Verdict">
      <State tone={tone} word={word} />
      <p className="verdict-sentence">{glued(overview.sentence)}</p>
      {overview.since !== null && (
        <p className="quiet">
          since <Instant at={overview.since} /> · <When at={overview.since} />
        </p>
      )}
    </section>
  );
}
