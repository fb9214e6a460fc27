import { formatMilliseconds } from '../format/number.ts';
import './length-meter.css';

/** A length of time with a bar that shows it beside the longest. Milliseconds. */
export function LengthMeter({ value, longest }: { value: number; longest: number }) {
  return (
    <span className="length-meter figures">
      <meter value={value} max={longest} aria-hidden="true" />
      <span className="length-meter-value">{formatMilliseconds(value)}</span>
    </span>
  );
}
