import type { ComponentStatus, Page, PostStatus, StatusPost } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { instantOf } from './instant.ts';
import { listed } from './listed.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const POSTS = '/api/v1/status/posts';

const COLUMNS = [
  { heading: 'POST', cell: ({ id }: StatusPost) => id },
  { heading: 'KIND', cell: ({ kind }: StatusPost) => kind },
  { heading: 'STATUS', cell: ({ status, publishedAt }: StatusPost) => (publishedAt === null ? 'draft' : status) },
  { heading: 'BEGAN', cell: ({ startedAt }: StatusPost) => shownTime(startedAt) },
  { heading: 'TITLE', cell: ({ title }: StatusPost) => title },
];

const idArg = { id: { type: 'positional', required: true, description: 'Id of the post', valueHint: 'POST' } } as const;
const textArg = {
  text: { type: 'positional', required: true, description: 'What visitors read', valueHint: 'TEXT' },
} as const;

const componentsArg = {
  components: {
    type: 'string',
    description: 'What is said of components: orders=partial_outage,website=operational',
    valueHint: 'ID=STATUS',
  },
} as const;

/** `orders=partial_outage,website=operational` as the API has it; which there are is for the platform to say. */
function componentsOf(text: string | undefined) {
  if (text === undefined) return {};
  const components = listed(text).map((part) => {
    const [id = '', status = '', more] = part.split('=').map((word) => word.trim());
    if (id !== '' && status !== '' && more === undefined) return { id, status: status as ComponentStatus };
    throw wrongUse(`"${part}" is not COMPONENT=STATUS.`, 'Write for example orders=partial_outage.');
  });
  return { components };
}

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** Planned work has both times, a post about an incident none. */
function planOf({ from, to }: Record<'from' | 'to', string | undefined>) {
  if (from === undefined && to === undefined) return {};
  if (from === undefined || to === undefined)
    throw wrongUse('Planned work has both --from and --to.', 'See `yumops status post --help`.');
  return { kind: 'maintenance', scheduledStart: instantOf(from), scheduledEnd: instantOf(to) };
}

function say(json: boolean | undefined, post: StatusPost): void {
  if (json) {
    printJson(post);
    return;
  }
  const said = post.publishedAt === null ? 'a draft, which nobody else sees' : `public, ${post.status}`;
  process.stdout.write(`${post.id}  ${post.title}: ${said}.\n`);
}

/** What visitors see, as Statuspage's API has it. */
interface Seen {
  status: { description: string };
  components: { name: string; status: ComponentStatus; group: boolean }[];
}

const COMPONENTS = [
  { heading: 'COMPONENT', cell: ({ name }: Seen['components'][number]) => name },
  { heading: 'STATUS', cell: ({ status: its }: Seen['components'][number]) => its.replaceAll('_', ' ') },
];

export const list = defineCommand({
  meta: { name: 'yumops status list', description: 'List posts and drafts, newest first' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<StatusPost>>(POSTS));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(COLUMNS, page.items) || 'No posts.\n');
  },
});

/** Without a word: what visitors see now, and the posts behind it. */
async function show(args: Parameters<typeof readSettings>[0] & { json?: boolean | undefined }): Promise<void> {
  const { seen, posts } = await withClient(readSettings(args), async (client) => ({
    seen: await client.get<Seen>('/api/v2/summary.json'),
    posts: await client.get<Page<StatusPost>>(POSTS),
  }));
  const { status: overall, components } = seen;
  if (args.json) {
    printJson({ status: overall, components, posts: posts.items });
    return;
  }
  const single = components.filter(({ group }) => !group);
  const parts = [formatTable(COMPONENTS, single), formatTable(COLUMNS, posts.items)].filter((text) => text !== '');
  // Without components visitors see no state, and the operator is told why.
  const why = single.length === 0 ? ' There are no components; add them under status_page in yumops.yml.' : '';
  process.stdout.write([`${overall.description}.${why}\n`, ...parts].join('\n'));
}

export const post = defineCommand({
  meta: {
    name: 'yumops status post',
    description: 'Write a post: a draft, or public at once; with --from and --to it is about planned work',
  },
  args: {
    ...platformArgs,
    title: { type: 'positional', required: true, description: 'Title', valueHint: 'TITLE' },
    ...textArg,
    impact: { type: 'enum', options: ['none', 'minor', 'major', 'critical'], description: 'How bad it is' },
    ...componentsArg,
    from: { type: 'string', description: 'When planned work begins, ISO 8601', valueHint: 'TIME' },
    to: { type: 'string', description: 'When planned work ends, ISO 8601', valueHint: 'TIME' },
    publish: { type: 'boolean', description: 'Make it public at once' },
  },
  async run({ args }) {
    const body = {
      ...{ title: args.title, body: args.text, publish: args.publish === true },
      ...(args.impact !== undefined && { impact: args.impact }),
      ...componentsOf(args.components),
      ...planOf(args),
    };
    const made = await withClient(readSettings(args), (client) => client.post<StatusPost>(POSTS, body));
    say(args.json, made);
  },
});

export const publish = defineCommand({
  meta: { name: 'yumops status publish', description: 'Make a draft public' },
  args: { ...platformArgs, ...idArg },
  async run({ args }) {
    const path = `${POSTS}/${encodeURIComponent(args.id)}/publish`;
    say(args.json, await withClient(readSettings(args), (client) => client.post<StatusPost>(path, {})));
  },
});

const tell = (args: Parameters<typeof readSettings>[0], id: string, body: { status?: PostStatus; body: string }) =>
  withClient(readSettings(args), (client) =>
    client.post<StatusPost>(`${POSTS}/${encodeURIComponent(id)}/updates`, body),
  );

export const update = defineCommand({
  meta: { name: 'yumops status update', description: 'Tell visitors more about a post' },
  args: {
    ...platformArgs,
    ...idArg,
    ...textArg,
    status: {
      type: 'enum',
      options: ['investigating', 'identified', 'monitoring', 'resolved', 'in_progress', 'verifying', 'completed'],
      description: 'Where it stands; default as before',
    },
    ...componentsArg,
  },
  async run({ args }) {
    const body = {
      body: args.text,
      ...(args.status !== undefined && { status: args.status as PostStatus }),
      ...componentsOf(args.components),
    };
    say(args.json, await tell(args, args.id, body));
  },
});

export const resolve = defineCommand({
  meta: { name: 'yumops status resolve', description: 'Tell visitors that it is over' },
  args: { ...platformArgs, ...idArg, ...textArg },
  async run({ args }) {
    say(args.json, await tell(args, args.id, { status: 'resolved', body: args.text }));
  },
});

export const status = defineCommand({
  meta: {
    name: 'yumops status',
    description: 'What visitors of the status page see now; with a word: tell them what happens',
  },
  args: platformArgs,
  run: ({ args }) => show(args),
  subCommands: { list, post, publish, update, resolve },
});
