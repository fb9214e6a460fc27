import { faultIsOn } from '@/lib/faults/switchboard';
import { once } from '@/lib/once';

const asked = () => once('error-burst', () => ({ times: 0 }));

/** While the fault is on, four statements of five fail as a lost database connection does. */
export function failIfErrorBurst(): void {
  if (!faultIsOn('error_burst')) return;
  const counter = asked();
  counter.times += 1;
  if (counter.times % 5 !== 0) throw new Error('Connection terminated unexpectedly (fault: error_burst)');
}
