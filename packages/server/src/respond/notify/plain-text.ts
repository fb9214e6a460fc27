import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from './facts.ts';
import type { Outgoing } from './notifier.ts';

/** 🟢 when it is over, else the colour of the severity. */
export function signOf({ body }: Pick<Outgoing, 'body'>): string {
  if (body.kind === 'resolved') return '🟢';
  return { critical: '🔴', warning: '🟠', info: '🔵' }[body.severity];
}

/** What a message says below its title, as plain lines; the last is its key. */
export function plainLines(message: Outgoing): string[] {
  const { body, publicUrl } = message;
  const more = remainder(body);
  return [
    ...(body.notice ? [...body.notice.lines, body.notice.url, ''] : []),
    ...body.alerts
      .slice(0, ALERTS_SHOWN)
      .flatMap((alert) => [
        `${alert.status === 'resolved' ? 'Resolved' : 'Firing'}: ${alert.summary}`,
        ...factsOf(alert).map(([name, value]) => `${name}: ${value}`),
        alertUrl(publicUrl, alert),
        '',
      ]),
    ...(more === undefined ? [] : [more]),
    body.reason,
    message.key,
  ];
}
