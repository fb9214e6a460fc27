import { faultIsOn } from '@/lib/faults/switchboard';
import { once } from '@/lib/once';

const asked = () => once('error-burst', () => ({ times: 0 }));

/** While the fault is on, seven statements of ten fail as a lost database connection does. */
export function failIfErrorBurst(): void {
  if (!faultIsOn('error_burst')) return;
  const counter = asked();
  counter.times += 1;
  if ((counter.times * 7) % 10 < 7) throw new Error('Connection terminated unexpectedly (fault: error_burst)');
}
