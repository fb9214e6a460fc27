import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { codeOf, messageOf, YumOpsError } from '../lib/errors.ts';
import {
  type Alerting,
  formatMatcher,
  type ListedAlert,
  parseMatcher,
  type SentAlert,
} from '../respond/alerting/index.ts';
import type { FindIngestKey, Guard } from './access.ts';
import {
  alertGroups,
  alertmanagerStatus,
  done,
  type gettableAlert,
  gettableAlerts,
  gettableSilence,
  gettableSilences,
  postedSilenceId,
  receivers,
} from './alertmanager-shapes.ts';
import { authorizeServer } from './ingest-key.ts';

const BODY_LIMIT = 32 * 1024 * 1024;
const MOST_ALERTS = 20_000;
/** What stands for "not stated" in Go's times. */
const NO_TIME = /^0001-01-01T00:00:00/;

const labels = z.record(z.string().max(1_000), z.string().max(100_000));
const time = z.iso.datetime({ offset: true }).nullish();
const postedAlert = z.object({
  labels,
  annotations: labels.nullish(),
  startsAt: time,
  endsAt: time,
  generatorURL: z.string().nullish(),
});
const flag = z
  .enum(['true', 'false'])
  .default('true')
  .transform((text) => text === 'true');
const filter = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((one) => (one === undefined ? [] : [one].flat()));
const listing = z.object({ filter, active: flag, silenced: flag, inhibited: flag });
const postedSilence = z.object({
  id: z.string().optional(),
  matchers: z
    .array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().default(true) }))
    .min(1),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }),
  createdBy: z.string().optional(),
  comment: z.string(),
});
const id = z.object({ id: z.string().min(1).max(40) });

export interface AlertmanagerDeps {
  alerting: Alerting;
  guard: Guard;
  findIngestKey: FindIngestKey;
  version: string;
  /** Since when this process serves, ms since the epoch. */
  startedAt: number;
}

/** Alertmanager's API, version 2, as far as Prometheus and `amtool` use it. */
export function alertmanagerRoutes(app: FastifyInstance, deps: AlertmanagerDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { alerting } = deps;
  const tags = ['alertmanager'];
  const keyProjects = new WeakMap<FastifyRequest, string | null>();

  routes.post(
    '/api/v2/alerts',
    {
      onRequest: async (request) => void keyProjects.set(request, await maySend(request, deps)),
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Take alerts in; 200 means that they are committed',
        ...{ tags, body: z.array(z.unknown()), response: { 200: done } },
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (body.length > MOST_ALERTS) {
        throw new YumOpsError('too_many_alerts', `At most ${MOST_ALERTS} alerts are taken at one time.`, {
          status: 413,
        });
      }
      const { sent, refused } = await pushEach(alerting, body, keyProjects.get(request) ?? null);
      if (refused.length === 0) return reply.code(200).send(undefined);
      throw new YumOpsError('invalid_alert', `${refused.length} of ${body.length} alerts: ${refused[0]}`, {
        hint: `${sent} alerts were taken.`,
        status: 400,
      });
    },
  );
  listings(app, deps);
  silences(app, deps);
}

function listings(app: FastifyInstance, { alerting, guard, version, startedAt }: AlertmanagerDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['alertmanager'];
  const onRequest = guard('viewer');

  routes.get(
    '/api/v2/alerts',
    {
      onRequest,
      schema: { summary: 'Alerts that fire', tags, querystring: listing, response: { 200: gettableAlerts } },
    },
    async ({ query }) => (await alerting.listAlerts(query)).map(toGettable),
  );
  routes.get(
    '/api/v2/alerts/groups',
    {
      onRequest,
      schema: { summary: 'Alerts that fire, by group', tags, querystring: listing, response: { 200: alertGroups } },
    },
    async ({ query }) => toGroups(await alerting.listAlerts(query)),
  );
  routes.get(
    '/api/v2/receivers',
    { onRequest, schema: { summary: 'Who is told of what fires', tags, response: { 200: receivers } } },
    async () => {
      const asked = { filter: [], active: true, silenced: true, inhibited: true };
      const names = (await alerting.listAlerts(asked)).flatMap((listed) => listed.receivers);
      return [...new Set(names)].sort().map((name) => ({ name }));
    },
  );
  routes.get(
    '/api/v2/status',
    {
      onRequest,
      schema: { summary: 'Version, and since when it serves', tags, response: { 200: alertmanagerStatus } },
    },
    async () => ({
      cluster: { status: 'disabled' as const, peers: [] },
      config: { original: '' as const },
      uptime: new Date(startedAt).toISOString(),
      versionInfo: { version, branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '' },
    }),
  );
}

/**
 * Keys of servers may send, and whoever may respond.
 * @returns the only project whose alerts may be sent; null = of any
 */
async function maySend(request: FastifyRequest, { guard, findIngestKey }: AlertmanagerDeps): Promise<string | null> {
  try {
    return (await authorizeServer(request, findIngestKey)).project;
  } catch (error) {
    const isToken = codeOf(error) === 'invalid_key' && request.headers.authorization !== undefined;
    if (!isToken && request.headers.cookie === undefined) throw error;
    await guard('responder').call(request.server, request, undefined as never);
    return null;
  }
}

/**
 * An alert that cannot be taken takes no other along. One that names no project belongs to that of its key; its labels
 * stay as they were sent.
 */
async function pushEach(
  alerting: Alerting,
  body: readonly unknown[],
  project: string | null,
): Promise<{ sent: number; refused: string[] }> {
  const refused: string[] = [];
  const good = body.flatMap((item, index): SentAlert[] => {
    const parsed = postedAlert.safeParse(item);
    const fault = parsed.success
      ? foreignProject(parsed.data.labels, project)
      : (parsed.error.issues[0]?.message ?? 'not an alert');
    if (parsed.success && fault === undefined) return [{ ...toSent(parsed.data), project }];
    refused.push(`number ${index + 1}: ${fault}`);
    return [];
  });
  const valid = good.filter((alert) => {
    try {
      alerting.checkAlert(alert);
      return true;
    } catch (error) {
      refused.push(messageOf(error));
      return false;
    }
  });
  if (valid.length > 0) await alerting.push(valid);
  return { sent: valid.length, refused };
}

/** What is wrong with an alert that names a project, sent with a key of another one. */
function foreignProject(own: Readonly<Record<string, string>>, project: string | null): string | undefined {
  const named = own['project'] ?? '';
  if (project === null || named === '' || named === project) return undefined;
  return `it names project ${named.slice(0, 100)}, and the key is of project ${project}`;
}

function toSent({ labels: own, annotations, startsAt, endsAt, generatorURL }: z.infer<typeof postedAlert>): SentAlert {
  const ms = (text: string | null | undefined) => (text && !NO_TIME.test(text) ? Date.parse(text) : undefined);
  return {
    labels: own,
    annotations: annotations ?? {},
    generatorUrl: generatorURL ?? undefined,
    startsAt: ms(startsAt),
    endsAt: ms(endsAt),
  };
}

function toGettable(listed: ListedAlert): z.infer<typeof gettableAlert> {
  const { alert, silencedBy, inhibitedBy, updatedAt, endsAt } = listed;
  const muted = silencedBy.length + inhibitedBy.length > 0;
  return {
    annotations: { summary: alert.summary, ...alert.annotations },
    endsAt: new Date(endsAt ?? updatedAt + 3_600_000).toISOString(),
    fingerprint: alert.fingerprint.slice(0, 16),
    receivers: listed.receivers.map((name) => ({ name })),
    startsAt: new Date(alert.startedAt).toISOString(),
    status: { inhibitedBy: [...inhibitedBy], silencedBy: [...silencedBy], state: muted ? 'suppressed' : 'active' },
    updatedAt: new Date(updatedAt).toISOString(),
    generatorURL: /^https?:/.test(alert.query) ? alert.query : '',
    labels: { severity: alert.severity, ...alert.labels },
  };
}

function toGroups(listed: readonly ListedAlert[]): z.infer<typeof alertGroups> {
  const groups = new Map<string, ListedAlert[]>();
  for (const one of listed) groups.set(one.alert.groupKey, [...(groups.get(one.alert.groupKey) ?? []), one]);
  return [...groups.values()].map((own) => ({
    labels: common(own.map(({ alert }) => alert.labels)),
    receiver: { name: own[0]?.receivers[0] ?? '' },
    alerts: own.map(toGettable),
  }));
}

function common(sets: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = sets;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((one) => one[name] === value)),
  );
}

function silences(app: FastifyInstance, { alerting, guard }: AlertmanagerDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['alertmanager'];
  const { silences: known } = alerting;
  const actor = (request: FastifyRequest) => request.principal?.name ?? 'unknown';

  routes.get(
    '/api/v2/silences',
    {
      onRequest: guard('viewer'),
      schema: {
        summary: 'Silences, newest first',
        ...{ tags, querystring: z.object({ filter }), response: { 200: gettableSilences } },
      },
    },
    async ({ query }) => {
      const wanted = query.filter.map((text) => formatMatcher(parseMatcher(text)));
      const all = await known.list();
      return all.filter(({ matchers }) => wanted.every((one) => matchers.includes(one))).map(toSilence);
    },
  );
  routes.get(
    '/api/v2/silence/:id',
    {
      onRequest: guard('viewer'),
      schema: { summary: 'A silence', tags, params: id, response: { 200: gettableSilence } },
    },
    async ({ params }) => {
      const found = (await known.list()).find((one) => one.id === params.id);
      if (found) return toSilence(found);
      throw new YumOpsError('unknown_silence', `There is no silence ${params.id}.`, { status: 404 });
    },
  );
  routes.post(
    '/api/v2/silences',
    {
      onRequest: guard('responder'),
      schema: {
        summary: 'Silence alerts, or put another silence in the place of one',
        ...{ tags, body: postedSilence, response: { 200: postedSilenceId } },
      },
    },
    async (request) => {
      const { matchers, startsAt, endsAt, comment, id: replaced } = request.body;
      const start = Math.max(Date.parse(startsAt), 0);
      const author = actor(request);
      const texts = matchers.map(({ name, value, isRegex, isEqual }) =>
        formatMatcher({ name, value, op: isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=' }),
      );
      const added = await known.add({ matchers: texts, start, end: Date.parse(endsAt), reason: comment, author });
      if (replaced) await known.end(replaced, author);
      return { silenceID: added.id };
    },
  );
  routes.delete(
    '/api/v2/silence/:id',
    {
      onRequest: guard('responder'),
      schema: { summary: 'End a silence now', tags, params: id, response: { 200: done } },
    },
    async (request, reply) => {
      await known.end(request.params.id, actor(request));
      return reply.code(200).send(undefined);
    },
  );
}

type SilenceItem = Awaited<ReturnType<Alerting['silences']['list']>>[number];

function toSilence({
  id: own,
  state,
  matchers,
  startsAt,
  endsAt,
  endedAt,
  author,
  reason,
  createdAt,
}: SilenceItem): z.infer<typeof gettableSilence> {
  const states = { ended: 'expired', scheduled: 'pending', active: 'active' } as const;
  return {
    id: own,
    status: { state: states[state] },
    updatedAt: endedAt ?? createdAt,
    comment: reason,
    createdBy: author,
    startsAt,
    endsAt: endedAt ?? endsAt ?? '9999-12-31T23:59:59.999Z',
    matchers: matchers.map((text) => {
      const { name, op, value } = parseMatcher(text);
      return { name, value, isRegex: op.endsWith('~'), isEqual: op.startsWith('=') };
    }),
  };
}
