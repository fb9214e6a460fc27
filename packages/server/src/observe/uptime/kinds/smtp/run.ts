import { isIP, type Socket } from 'node:net';
import { YumOpsError } from '../../../../lib/errors.ts';
import { shorten } from '../../assert.ts';
import { type Attempt, HEALTHY, runAttempt } from '../../attempt.ts';
import type { CheckContext, CheckResult } from '../../check.ts';
import { classifyAddress } from '../../net/address.ts';
import { dial, secure } from '../../net/dial.ts';
import type { SmtpMonitorConfig } from './config.ts';
import { type SmtpReply, SmtpSession } from './session.ts';

/** Talks to a mail server as far as the monitor asks, and takes leave without sending anything. */
export function runSmtp(monitor: SmtpMonitorConfig, context: CheckContext): Promise<CheckResult> {
  return runAttempt(monitor, context, async (attempt) => {
    const raw = await dial(monitor.host, monitor.port, attempt);
    const start = monitor.security === 'implicit' ? await encrypt(monitor, raw, attempt) : raw;
    let session = new SmtpSession(start, attempt.signal);
    try {
      attempt.timer.enter('firstByte');
      expectReply('the connection', 220, await session.read());
      let offer = await hello(session);
      if (monitor.security === 'starttls') {
        session = await startTls(monitor, session, offer, attempt);
        offer = await hello(session);
      }
      if (monitor.login !== null) await logIn(monitor, monitor.login, session, offer);
      session.write('QUIT');
      return HEALTHY;
    } finally {
      session.socket.destroy();
      raw.destroy();
    }
  });
}

function encrypt(monitor: SmtpMonitorConfig, raw: Socket, attempt: Attempt): Promise<Socket> {
  return secure(raw, monitor.host, attempt, { ca: monitor.ca });
}

/** Introduces us. @returns what the server offers, in upper case */
async function hello(session: SmtpSession): Promise<string[]> {
  const reply = await session.ask('EHLO yumops.invalid');
  expectReply('EHLO', 250, reply);
  return reply.lines.slice(1).map((line) => line.toUpperCase());
}

async function startTls(
  monitor: SmtpMonitorConfig,
  session: SmtpSession,
  offer: readonly string[],
  attempt: Attempt,
): Promise<SmtpSession> {
  if (!offer.includes('STARTTLS')) {
    throw new YumOpsError('smtp_refused', 'Expected the server to offer STARTTLS, it does not.');
  }
  expectReply('STARTTLS', 220, await session.ask('STARTTLS'));
  session.release();
  const secured = await encrypt(monitor, session.socket, attempt);
  attempt.timer.enter('firstByte');
  return new SmtpSession(secured, attempt.signal);
}

async function logIn(
  monitor: SmtpMonitorConfig,
  { username, password }: NonNullable<SmtpMonitorConfig['login']>,
  session: SmtpSession,
  offer: readonly string[],
): Promise<void> {
  if (monitor.security === 'none' && !isThisMachine(monitor.host)) {
    throw new YumOpsError('smtp_refused', 'The login was not sent, because the connection is not encrypted.', {
      hint: 'Set starttls: true or tls: true.',
    });
  }
  if (!offer.some((line) => /^AUTH\b.*\bPLAIN\b/.test(line))) {
    throw new YumOpsError('smtp_refused', 'Expected the server to offer AUTH PLAIN, it does not.');
  }
  const credentials = Buffer.from(`\0${username}\0${password.reveal()}`).toString('base64');
  expectReply('the login', 235, await session.ask(`AUTH PLAIN ${credentials}`));
}

function isThisMachine(host: string): boolean {
  return (
    host === 'localhost' || (isIP(host) !== 0 && classifyAddress(host) === 'private' && /^(127\.|::1$)/.test(host))
  );
}

function expectReply(what: string, code: number, reply: SmtpReply): void {
  if (reply.code === code) return;
  const said = shorten(JSON.stringify(`${reply.code} ${reply.lines.join(' ')}`.trim()));
  throw new YumOpsError('smtp_refused', `Expected ${code} as the answer to ${what}, got ${said}.`);
}
