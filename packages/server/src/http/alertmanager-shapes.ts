import { z } from 'zod';

const labels = z.record(z.string(), z.string());
const time = z.string().describe('ISO 8601');
const receiver = z.object({ name: z.string().describe('channel/target') });

/** Shapes that Alertmanager answers with, version 2 of its API. */
export const gettableAlert = z.object({
  annotations: labels,
  endsAt: time.describe('When it is held to be over unless it is sent again'),
  fingerprint: z.string(),
  receivers: z.array(receiver),
  startsAt: time,
  status: z.object({
    inhibitedBy: z.array(z.string()).describe('Fingerprints'),
    silencedBy: z.array(z.string()).describe('Ids of silences'),
    state: z.enum(['active', 'suppressed']),
  }),
  updatedAt: time,
  generatorURL: z.string(),
  labels,
});
export const gettableAlerts = z.array(gettableAlert);

export const alertGroups = z.array(
  z.object({ labels: labels.describe('What all of its alerts have in common'), receiver, alerts: gettableAlerts }),
);

export const receivers = z.array(receiver);

export const alertmanagerStatus = z.object({
  cluster: z.object({ status: z.literal('disabled'), peers: z.array(z.never()) }),
  config: z.object({ original: z.literal('') }),
  uptime: time.describe('Since when this process serves'),
  versionInfo: z.object({
    version: z.string(),
    ...{ branch: z.string(), buildDate: z.string(), buildUser: z.string() },
    ...{ goVersion: z.string(), revision: z.string() },
  }),
});

export const gettableSilence = z.object({
  id: z.string(),
  status: z.object({ state: z.enum(['expired', 'active', 'pending']) }),
  ...{ updatedAt: time, comment: z.string(), createdBy: z.string(), startsAt: time },
  endsAt: time.describe('The year 9999 = when what it was made for is resolved'),
  matchers: z.array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() })),
});
export const gettableSilences = z.array(gettableSilence);

export const postedSilenceId = z.object({ silenceID: z.string() });

/** Nothing is answered but that it is done. */
export const done = z.null().optional().describe('Done; the answer has no body');
