import { YumOpsError } from '../../../lib/errors.ts';
import type { Labels } from '../fingerprint.ts';
import type { AlertStore } from '../ports.ts';
import type { Push } from './pushed.ts';

/** An alert as it was sent. Times in ms since the epoch; left out = the sender did not say. */
export interface SentAlert {
  labels: Labels;
  /** Of the key that it came with; left out or null = of none. Where the labels name one they are right. */
  project?: string | null | undefined;
  annotations?: Labels | undefined;
  generatorUrl?: string | undefined;
  startsAt?: number | undefined;
  endsAt?: number | undefined;
}

const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_.:/-]*$/;

/**
 * Takes alerts in: when this resolves they are committed. An alert without an end fires until it has not been sent for
 * `resolveTimeoutMs`.
 * @param now ms since the epoch
 */
export async function acceptAlerts(
  store: Pick<AlertStore, 'push'>,
  sent: readonly SentAlert[],
  resolveTimeoutMs: number,
  now: number,
): Promise<void> {
  await store.push(
    sent.map((alert) => toPush(alert, resolveTimeoutMs, now)),
    now,
  );
}

/** @throws YumOpsError `invalid_alert` (400) */
export function toPush(sent: SentAlert, resolveTimeoutMs: number, now: number): Push {
  const labels = filled(sent.labels);
  const names = Object.keys(labels);
  if (names.length === 0) throw invalid('An alert needs a label that is not empty.');
  const odd = names.find((name) => !LABEL_NAME.test(name));
  if (odd !== undefined) throw invalid(`"${odd}" is not the name of a label.`);
  const startsAt = sent.startsAt ?? Math.min(sent.endsAt ?? now, now);
  if (sent.endsAt !== undefined && sent.endsAt < startsAt) throw invalid('The alert ends before it starts.');
  return {
    labels,
    project: labels['project'] === undefined ? (sent.project ?? null) : null,
    annotations: filled(sent.annotations ?? {}),
    generatorUrl: sent.generatorUrl || null,
    startsAt,
    endsAt: sent.endsAt ?? now + resolveTimeoutMs,
    timeout: sent.endsAt === undefined,
  };
}

/** A label that is empty is the same as none. */
function filled(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

function invalid(message: string): YumOpsError {
  return new YumOpsError('invalid_alert', message, { status: 400 });
}
