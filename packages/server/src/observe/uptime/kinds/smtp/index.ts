import type { MonitorKind } from '../kind.ts';
import { runSmtp } from './run.ts';

/** A mail server that greets, and offers TLS and accepts a login where that is asked for. */
export const smtpKind: MonitorKind<'smtp'> = {
  run: runSmtp,
  describe: ({ security, login }) => [
    'greets and accepts EHLO',
    ...(security === 'none' ? [] : [security === 'starttls' ? 'offers STARTTLS' : 'speaks TLS']),
    ...(login === null ? [] : ['accepts the login']),
  ],
};
