import type { Page, PostStatus, StatusPost } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { formatTable } from './table.ts';

const POSTS = '/api/v1/status/posts';

const COLUMNS = [
  { heading: 'POST', cell: ({ id }: StatusPost) => id },
  { heading: 'KIND', cell: ({ kind }: StatusPost) => kind },
  { heading: 'STATUS', cell: ({ status, publishedAt }: StatusPost) => (publishedAt === null ? 'draft' : status) },
  { heading: 'BEGAN', cell: ({ startedAt }: StatusPost) => startedAt.slice(0, 16).replace('T', ' ') },
  { heading: 'TITLE', cell: ({ title }: StatusPost) => title },
];

const idArg = { id: { type: 'positional', required: true, description: 'Id of the post', valueHint: 'POST' } } as const;
const textArg = {
  text: { type: 'positional', required: true, description: 'What visitors read', valueHint: 'TEXT' },
} as const;

function say(json: boolean | undefined, post: StatusPost): void {
  if (json) {
    printJson(post);
    return;
  }
  const said = post.publishedAt === null ? 'a draft, which nobody else sees' : `public, ${post.status}`;
  process.stdout.write(`${post.id}  ${post.title}: ${said}.\n`);
}

export const list = defineCommand({
  meta: { name: 'yumops status-page list', description: 'List posts and drafts, newest first' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<StatusPost>>(POSTS));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No posts.\n');
  },
});

export const post = defineCommand({
  meta: { name: 'yumops status-page post', description: 'Write a post about an incident: a draft, or public at once' },
  args: {
    ...platformArgs,
    title: { type: 'positional', required: true, description: 'Title', valueHint: 'TITLE' },
    ...textArg,
    impact: { type: 'enum', options: ['none', 'minor', 'major', 'critical'], description: 'How bad it is' },
    publish: { type: 'boolean', description: 'Make it public at once' },
  },
  async run({ args }) {
    const body = {
      ...{ title: args.title, body: args.text, publish: args.publish === true },
      ...(args.impact !== undefined && { impact: args.impact }),
    };
    const made = await withClient(readSettings(args), (client) => client.post<StatusPost>(POSTS, body));
    say(args.json, made);
  },
});

export const publish = defineCommand({
  meta: { name: 'yumops status-page publish', description: 'Make a draft public' },
  args: { ...platformArgs, ...idArg },
  async run({ args }) {
    const path = `${POSTS}/${encodeURIComponent(args.id)}/publish`;
    say(args.json, await withClient(readSettings(args), (client) => client.post<StatusPost>(path, {})));
  },
});

const tell = (args: Parameters<typeof readSettings>[0], id: string, body: { status: PostStatus; body: string }) =>
  withClient(readSettings(args), (client) =>
    client.post<StatusPost>(`${POSTS}/${encodeURIComponent(id)}/updates`, body),
  );

export const update = defineCommand({
  meta: { name: 'yumops status-page update', description: 'Tell visitors more about a post' },
  args: {
    ...platformArgs,
    ...idArg,
    ...textArg,
    status: {
      type: 'enum',
      options: ['investigating', 'identified', 'monitoring', 'resolved', 'in_progress', 'verifying', 'completed'],
      default: 'investigating',
      description: 'Where it stands',
    },
  },
  async run({ args }) {
    say(args.json, await tell(args, args.id, { status: args.status as PostStatus, body: args.text }));
  },
});

export const resolve = defineCommand({
  meta: { name: 'yumops status-page resolve', description: 'Tell visitors that it is over' },
  args: { ...platformArgs, ...idArg, ...textArg },
  async run({ args }) {
    say(args.json, await tell(args, args.id, { status: 'resolved', body: args.text }));
  },
});
