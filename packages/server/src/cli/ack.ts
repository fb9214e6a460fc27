import { actOnAlert } from './act-on-alert.ts';

export const ack = actOnAlert({
  name: 'ack',
  description: 'Acknowledge a firing alert: later escalation steps are not sent',
  done: 'Acknowledged',
});
