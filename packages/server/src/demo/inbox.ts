import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { storeInboxMessage } from './inbox-store.ts';
import { readMail } from './read-mail.ts';
import { slackEndpoint } from './slack-endpoint.ts';

/** Receivers that stand in for Slack and a mail server, on this machine alone. */
export interface DemoInbox {
  /** An incoming webhook. */
  slackUrl: string;
  /** A mail server that takes every recipient. */
  smtpUrl: string;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const MAIL_MAX = 5_000_000;

/** Starts the demo inbox on two free ports of the loopback address. What it takes is kept in the state store. */
export async function startDemoInbox(deps: { db: Db; clock: Clock; log: Log }): Promise<DemoInbox> {
  const log = deps.log.child('demo-inbox');
  const web = slackEndpoint(async ({ channel, title, text }) =>
    storeInboxMessage(deps.db, { channel: 'slack', to: channel, title, text }, deps.clock.now()),
  );
  const mail = mailServer(async (recipients, source) => {
    const { subject, text } = readMail(source);
    const to = recipients.join(', ');
    await storeInboxMessage(deps.db, { channel: 'email', to, title: subject, text }, deps.clock.now());
  });
  mail.on('error', (error: Error) => log.warn('the mail side of the demo inbox', { error: messageOf(error) }));
  const webPort = await listen(web);
  const mailPort = await listen(mail.server as unknown as Server);
  return {
    slackUrl: `http://${LOOPBACK}:${webPort}/services/demo`,
    smtpUrl: `smtp://${LOOPBACK}:${mailPort}`,
    async stop() {
      web.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => web.close(() => resolve())),
        new Promise<void>((resolve) => mail.close(() => resolve())),
      ]);
    },
  };
}

function mailServer(take: (recipients: string[], source: string) => Promise<void>): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    size: MAIL_MAX,
    closeTimeout: 1_000,
    onData(stream, session, done) {
      receive(stream, session, take).then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
}

async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  take: (recipients: string[], source: string) => Promise<void>,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  const recipients = session.envelope.rcptTo.map(({ address }) => address);
  await take(recipients, Buffer.concat(parts).toString('utf8'));
}

async function listen(server: Server): Promise<number> {
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
