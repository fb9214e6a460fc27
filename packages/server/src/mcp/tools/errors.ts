import type { ErrorEventDetail, ErrorFrame, ErrorIssue, ErrorIssueDetail } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, pick, tool } from '../tool.ts';
import { rangeBefore, since } from './range.ts';

const ISSUE = [
  ...(['id', 'type', 'message', 'culprit', 'level', 'status', 'substatus', 'count', 'users', 'unhandled'] as const),
  ...(['firstSeen', 'lastSeen', 'firstRelease', 'lastRelease', 'assignee', 'owners'] as const),
] as const;
const FRAMES = 12;

export const errorTools = [
  tool({
    name: 'list_errors',
    title: 'Errors',
    description:
      'Errors of the application grouped into issues, by impact: how often, how many people, since which release.',
    input: z.object({
      ...since,
      q: z.string().max(500).optional().describe('Words in type, message or culprit'),
      status: z.enum(['unresolved', 'resolved', 'ignored']).default('unresolved'),
      sort: z.enum(['impact', 'events', 'users', 'last', 'first']).default('impact'),
      limit: z.number().int().min(1).max(100).default(20),
    }),
    async run(api, { minutes, limit, ...asked }) {
      const range = rangeBefore(api.now, minutes);
      const found = await api.get<{ items: ErrorIssue[]; nextCursor: string | null }>('/api/v1/errors', {
        ...{ ...range, ...asked, limit: String(limit) },
      });
      return { ...listed(found, ISSUE), link: withQuery('/errors', { q: asked.q, sort: asked.sort, ...range }) };
    },
  }),
  tool({
    name: 'get_error',
    title: 'One error with its stack',
    description:
      'An issue with its newest event: source-mapped stack, breadcrumbs, tags, release, and trace and request ids to follow.',
    input: z.object({ id: z.string().min(1).max(64) }),
    async run(api, { id }) {
      const path = `/api/v1/errors/${encodeURIComponent(id)}`;
      const issue = await api.get<ErrorIssueDetail>(path);
      const event =
        issue.latestEventId === null ? null : await api.get<ErrorEventDetail>(`/api/v1/events/${issue.latestEventId}`);
      return {
        ...pick(issue, [...ISSUE, 'releases', 'environments', 'resolution', 'ignore']),
        event: event && summariseEvent(event),
        link: `/errors/${encodeURIComponent(id)}`,
      };
    },
  }),
];

function summariseEvent(event: ErrorEventDetail) {
  return {
    ...pick(event, [
      'id',
      'timestamp',
      'release',
      'environment',
      'service',
      'transaction',
      'traceId',
      'requestId',
      'tags',
    ]),
    chain: event.exception.values.map(({ type, value, stacktrace }) => ({
      type,
      value,
      frames: (stacktrace?.frames ?? []).slice(-FRAMES).map(frameLine),
    })),
    breadcrumbs: event.breadcrumbs
      .slice(-10)
      .map(({ timestamp, category, message }) => ({ timestamp, category, message })),
  };
}

function frameLine({ function: name, filename, lineno, colno, context_line: code }: ErrorFrame): string {
  return `${name ?? '?'} (${filename ?? '?'}:${lineno ?? '?'}:${colno ?? '?'})${code === undefined ? '' : ` ${code.trim()}`}`;
}
