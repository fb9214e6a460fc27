import type { Signal } from '@yumops/protocol';
import { extentOf } from '../../charts/series.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { formatQuantity } from '../../format/number.ts';

/** The golden signals of the last hour. */
export function Signals({ signals }: { signals: readonly Signal[] }) {
  if (signals.length === 0) return null;
  return (
    <section aria-label="Golden signals, last hour">
      <ul className="signals">
        {signals.map((signal) => (
          <li key={signal.key}>
            <SignalCard signal={signal} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function SignalCard({ signal }: { signal: Signal }) {
  const values = signal.series.map(([, value]) => value);
  const extent = extentOf(values);
  const span =
    extent === null
      ? 'no data in the last hour'
      : `${formatQuantity(extent.low, signal.unit)} to ${formatQuantity(extent.high, signal.unit)}`;
  return (
    <HrefLink className="signal" href={signal.href}>
      <span className="signal-label">{signal.label}</span>
      <span className={signal.value === null ? 'signal-value signal-unknown' : 'signal-value figures'}>
        {formatQuantity(signal.value, signal.unit)}
      </span>
      <Sparkline values={values} summary={`${signal.label}, last hour: ${span}`} />
      <span className="signal-span figures">{span}</span>
    </HrefLink>
  );
}
