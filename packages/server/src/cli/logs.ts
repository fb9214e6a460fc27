import type { LogContext, LogPage, LogRow } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

const COLOURS: Record<string, string> = { trace: '2', debug: '2', info: '36', warn: '33', error: '31', fatal: '35' };

/** Control characters of a message would reach the reader's terminal as commands. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function formatRow(row: LogRow, colour: boolean): string {
  const level = row.level.toUpperCase().padEnd(5);
  const shown = colour ? `\u001b[${COLOURS[row.level] ?? '0'}m${level}\u001b[0m` : level;
  const took = row.duration === null ? '' : ` ${Math.round(row.duration)} ms`;
  return `${row.timestamp} ${shown} ${row.service} ${printable(row.message)}${took}`;
}

function printRow(row: LogRow, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(row) : formatRow(row, process.stdout.isTTY)}\n`);
}

async function follow(client: Client, q: string | undefined, json: boolean): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  try {
    for await (const { event, data } of client.events('/api/v1/logs/tail', { q }, stop.signal)) {
      if (event === 'row') printRow(JSON.parse(data) as LogRow, json);
      if (event === 'dropped')
        process.stderr.write(`… ${(JSON.parse(data) as { count: number }).count} rows were too fast to show\n`);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

function startOfRange(since: string): string {
  const span = parseDuration(since);
  if (span !== undefined) return new Date(systemClock.now() - span).toISOString();
  const instant = Date.parse(since);
  if (!Number.isNaN(instant)) return new Date(instant).toISOString();
  throw new YumOpsError('wrong_use', `"${since}" is neither a duration nor a time.`, {
    hint: 'Write 15m, 2h, 7d or an ISO 8601 time.',
  });
}

const LARGEST_LIMIT = 1_000;

function readLimit(text: string): string {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return text;
  throw new YumOpsError('wrong_use', `--limit "${text}" is not a number from 1 to ${LARGEST_LIMIT}.`, {
    hint: 'For more rows, narrow --since, or count and sum with `yumops query`.',
  });
}

const MOST_CONTEXT = 100;
/** Found lines that are shown with their context, each of which is a question of its own. */
const MOST_FOUND = 20;

function readContextSize(text: string): number {
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1 && size <= MOST_CONTEXT) return size;
  throw new YumOpsError('wrong_use', `--context "${text}" is not a number from 1 to ${MOST_CONTEXT}.`);
}

/** Prints each found line with the lines of its service around it, as grep does; the found line is marked. */
async function printInContext(client: Client, found: readonly LogRow[], size: number, json: boolean): Promise<void> {
  const items: LogContext[] = [];
  const around = { before: String(size), after: String(size) };
  for (const { id } of found) {
    items.push(await client.get<LogContext>(`/api/v1/logs/${encodeURIComponent(id)}/context`, around));
  }
  if (json) return printJson({ items });
  for (const [index, { row, before, after }] of items.entries()) {
    if (index > 0) process.stdout.write('--\n');
    const lines = [...before, row, ...after];
    for (const line of lines)
      process.stdout.write(`${line === row ? '>' : ' '} ${formatRow(line, process.stdout.isTTY)}\n`);
  }
}

export const logs = defineCommand({
  meta: { name: 'yumops logs', description: 'Search logs, oldest first; --follow prints new ones as they arrive' },
  args: {
    ...platformArgs,
    query: {
      type: 'positional',
      required: false,
      description: 'Words, field:value, -field:value, "a phrase", OR',
      valueHint: 'QUERY',
    },
    follow: { type: 'boolean', alias: 'f', description: 'Go on with new rows until Ctrl-C' },
    since: { type: 'string', default: '1h', description: 'How far back: 15m, 2h, 7d or a time', valueHint: 'TIME' },
    context: {
      type: 'string',
      alias: 'C',
      description: `Show so many lines of the same service before and after each of the newest ${MOST_FOUND} found`,
      valueHint: 'N',
    },
    limit: { type: 'string', default: '100', description: 'At most so many rows, up to 1000', valueHint: 'N' },
  },
  async run({ args }) {
    const from = startOfRange(args.since);
    const limit = readLimit(args.limit);
    const size = args.context === undefined ? undefined : readContextSize(args.context);
    if (size !== undefined && args.follow) {
      throw new YumOpsError('wrong_use', '--context needs lines that are there: it does not go with --follow.');
    }
    return withClient(readSettings(args), async (client) => {
      const page = await client.get<LogPage>('/api/v1/logs', { q: args.query, from, limit });
      if (size !== undefined) {
        await printInContext(client, page.items.slice(0, MOST_FOUND).reverse(), size, args.json === true);
        return 0;
      }
      if (args.json && !args.follow) {
        printJson(page);
        return 0;
      }
      for (const row of page.items.toReversed()) printRow(row, args.json === true);
      if (args.follow) await follow(client, args.query, args.json === true);
      return 0;
    });
  },
});
