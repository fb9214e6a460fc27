import { actOnAlert } from './act-on-alert.ts';

export const escalate = actOnAlert({
  name: 'escalate',
  description: 'Pass a firing alert on: its next escalation step is sent now',
  done: 'Escalated',
});
