import type { Alert } from '@yumops/protocol';
import { formatQuantity } from '../../format/number.ts';

/** The value of an alert against its threshold. */
export function Reading({ alert: { value, threshold, unit } }: { alert: Pick<Alert, 'value' | 'threshold' | 'unit'> }) {
  if (value === null && threshold === null) return <span className="reading" />;
  return (
    <span className="reading figures">
      <strong className={value === null ? 'reading-unknown' : ''}>{formatQuantity(value, unit)}</strong>
      {threshold !== null && <span className="reading-limit">limit {formatQuantity(threshold, unit)}</span>}
    </span>
  );
}
