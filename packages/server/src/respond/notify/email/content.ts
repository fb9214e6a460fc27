import { escapeHtml } from '../../../lib/html.ts';
import type { MessageAlert } from '../body.ts';
import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from '../facts.ts';
import type { Outgoing } from '../notifier.ts';

export interface EmailContent {
  subject: string;
  text: string;
  html: string;
}

const SUBJECT_MAX = 200;

/** Subject and both bodies of an alert e-mail. */
export function emailContent(message: Outgoing): EmailContent {
  const { body } = message;
  const subject = `[${body.severity.toUpperCase()}] ${body.title}`.replaceAll(/\s+/g, ' ').slice(0, SUBJECT_MAX);
  const shown = body.alerts.slice(0, ALERTS_SHOWN);
  const more = remainder(body);
  return {
    subject,
    text: [
      body.title,
      ...(body.notice ? [[...body.notice.lines, body.notice.url].join('\n')] : []),
      ...shown.map((alert) => alertText(alert, message.publicUrl)),
      ...(more === undefined ? [] : [more]),
      ...(message.replyUrl ? [`Acknowledge, escalate or resolve: ${message.replyUrl}`] : []),
      `Why you get this: ${body.reason}\nKey: ${message.key}`,
    ].join('\n\n'),
    html: [
      '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:14px;line-height:1.5">',
      `<h1 style="font-size:18px">${escapeHtml(body.title)}</h1>`,
      ...(body.notice ? [noticeHtml(body.notice)] : []),
      ...shown.map((alert) => alertHtml(alert, message.publicUrl)),
      ...(more === undefined ? [] : [`<p>${more}</p>`]),
      ...(message.replyUrl
        ? [`<p><a href="${escapeHtml(message.replyUrl)}">Acknowledge, escalate or resolve</a></p>`]
        : []),
      `<p style="color:#666">Why you get this: ${escapeHtml(body.reason)}<br>Key: ${escapeHtml(message.key)}</p>`,
      '</body></html>',
    ].join('\n'),
  };
}

function noticeHtml({ lines, url }: NonNullable<Outgoing['body']['notice']>): string {
  const shown = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
  return `${shown}<p><a href="${escapeHtml(url)}">Open in YumOps</a></p>`;
}

function alertText(alert: MessageAlert, publicUrl: string): string {
  const facts = factsOf(alert).map(([name, value]) => `  ${name}: ${value}`);
  return [alert.summary, `  ${alert.sentence}`, ...facts, `  ${alertUrl(publicUrl, alert)}`].join('\n');
}

function alertHtml(alert: MessageAlert, publicUrl: string): string {
  const rows = factsOf(alert).map(
    ([name, value]) =>
      `<tr><th align="left" style="padding-right:12px">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return [
    `<h2 style="font-size:15px"><a href="${escapeHtml(alertUrl(publicUrl, alert))}">${escapeHtml(alert.summary)}</a></h2>`,
    `<p>${escapeHtml(alert.sentence)}</p>`,
    `<table>${rows.join('')}</table>`,
  ].join('\n');
}
