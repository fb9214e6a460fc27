import type { Incident, IncidentDetail } from '@yumops/protocol';
import { z } from 'zod';
import { listed, pick, tool } from '../tool.ts';

const INCIDENT = [
  ...(['id', 'number', 'title', 'severity', 'status', 'drill', 'source', 'declaredBy', 'summary'] as const),
  ...([
    'startedAt',
    'declaredAt',
    'acknowledgedBy',
    'mitigatedAt',
    'resolvedAt',
    'alertsFiring',
    'unowned',
    'runbook',
  ] as const),
] as const;
const id = z.string().min(1).max(100).describe('Id of the incident, as list_incidents tells');
const linkOf = (incident: string) => `/incidents/${encodeURIComponent(incident)}`;
const pathOf = (incident: string) => `/api/v1/incidents/${encodeURIComponent(incident)}`;

export const incidentTools = [
  tool({
    name: 'list_incidents',
    title: 'Incidents',
    description: 'Incidents, newest first, with severity, status and who has them.',
    input: z.object({
      state: z.enum(['open', 'ended', 'all']).default('open'),
      limit: z.number().int().min(1).max(100).default(20),
    }),
    async run(api, { state, limit }) {
      const found = await api.get<{ items: Incident[]; nextCursor: string | null }>('/api/v1/incidents', {
        ...{ state, limit: String(limit) },
      });
      return { ...listed(found, INCIDENT), link: '/incidents' };
    },
  }),
  tool({
    name: 'get_incident',
    title: 'One incident',
    description: 'An incident with its roles, tasks, alerts and the newest lines of its timeline.',
    input: z.object({ id }),
    async run(api, { id }) {
      const incident = await api.get<IncidentDetail>(pathOf(id));
      const { timeline, ...rest } = incident;
      return { ...rest, items: timeline.slice(-40), link: linkOf(id) };
    },
  }),
  tool({
    name: 'declare_incident',
    title: 'Declare an incident',
    description: 'Declares an incident: people are told. Do this when a person asked for it.',
    role: 'responder',
    input: z.object({
      title: z.string().min(1).max(300),
      severity: z.enum(['critical', 'major', 'minor']).default('major'),
      summary: z.string().max(10_000).optional(),
      alerts: z.array(z.string().max(300)).max(50).optional().describe('Ids of alerts that it is about'),
      drill: z.boolean().optional().describe('An exercise'),
    }),
    async run(api, input) {
      const incident = await api.post<IncidentDetail>('/api/v1/incidents', input);
      return { ...pick(incident, INCIDENT), link: linkOf(incident.id) };
    },
  }),
  tool({
    name: 'comment_incident',
    title: 'Comment on an incident',
    description: 'Adds a comment to the timeline of an incident.',
    role: 'responder',
    input: z.object({ id, text: z.string().min(1).max(10_000) }),
    async run(api, { id, text }) {
      const incident = await api.post<IncidentDetail>(`${pathOf(id)}/comments`, { text });
      return { ...pick(incident, INCIDENT), link: linkOf(id) };
    },
  }),
];
