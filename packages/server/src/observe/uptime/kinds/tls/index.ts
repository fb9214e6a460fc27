import { HEALTHY, runAttempt } from '../../attempt.ts';
import { certificateWarning } from '../../certificate-warning.ts';
import { dial, secure } from '../../net/dial.ts';
import type { MonitorKind } from '../kind.ts';

/** A certificate that is trusted, names the host and lasts for a while. */
export const tlsKind: MonitorKind<'tls'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async (attempt) => {
      const raw = await dial(monitor.host, monitor.port, attempt);
      const socket = await secure(raw, monitor.host, attempt, { ca: monitor.ca });
      socket.destroy();
      const warning = attempt.certificate && certificateWarning(monitor.host, attempt.certificate, monitor.days);
      return warning ? { verdict: 'degraded', reason: warning } : HEALTHY;
    }),
  describe: ({ host, days }) => [`a trusted certificate for ${host}`, `at least ${days} days left`],
};
