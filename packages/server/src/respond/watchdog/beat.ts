import type { Clock } from '../../lib/clock.ts';
import { judgeAnswer, type Notifier, postText, sign, verify } from '../notify/index.ts';
import type { WatchdogConfig } from './config.ts';

/** The channel of beats in the outbox. */
export const BEAT_CHANNEL = 'watchdog';
const SIGNATURE = 'x-yumops-signature';

/** What a beat says. */
export interface Beat {
  service: string;
  /** The key of the synthetic alert in the outbox; every beat has one of its own. */
  key: string;
  /** When the synthetic alert was evaluated, ms since the epoch. */
  evaluatedAt: number;
}

/** Sends beats: the last part of the way of a synthetic alert. The target of a message is the name of a heartbeat. */
export function beatNotifier(config: WatchdogConfig, service: string, clock: Clock): Notifier {
  return {
    async send(message, signal) {
      const heartbeat = config.heartbeats.find(({ name }) => name === message.target);
      if (heartbeat?.broken !== null) return { outcome: 'refused', reason: `no heartbeat ${message.target} is set up` };
      const evaluatedAt = message.body.alerts[0]?.startedAt ?? message.createdAt;
      const body = JSON.stringify({ service, key: message.key, evaluatedAt } satisfies Beat);
      const signed = config.secret ? { [SIGNATURE]: sign(config.secret.reveal(), body, clock.now()) } : {};
      const headers = { 'content-type': 'application/json; charset=utf-8', ...signed };
      const answer = await postText(heartbeat.url.reveal(), body, headers, signal);
      return 'outcome' in answer ? answer : judgeAnswer(answer);
    },
  };
}

/** Reads a beat; undefined when it is none, or not signed by the platform with this secret. */
export function readBeat(
  secret: string | null,
  body: string,
  signature: string | undefined,
  now: number,
): Beat | undefined {
  if (secret !== null && !verify(secret, body, signature ?? '', now)) return undefined;
  try {
    const beat = JSON.parse(body) as Partial<Beat>;
    return typeof beat.key === 'string' && typeof beat.evaluatedAt === 'number'
      ? { service: String(beat.service), key: beat.key, evaluatedAt: beat.evaluatedAt }
      : undefined;
  } catch {
    return undefined;
  }
}
