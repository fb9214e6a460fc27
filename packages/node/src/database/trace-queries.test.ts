import { expect, it } from 'vitest';
import { startSpan } from '../errors/spans.ts';
import { withContext } from '../runtime/scope.ts';
import { commented } from './statement-comment.ts';
import { traceQueries } from './trace-queries.ts';

const TRACE = '5b8efff798038103d269b633813fc60c';
const scope = { requestId: 'r-1', traceId: TRACE, spanId: '00000000000000a1' };

/** A client that keeps what it is asked. */
function recordingClient() {
  const asked: unknown[][] = [];
  const query = (...args: unknown[]) => {
    asked.push(args);
    return Promise.resolve({ rows: [] });
  };
  return { asked, client: traceQueries({ query }) };
}

it.each([
  ['r-1', "request_id='r-1'"],
  ["*/ DROP TABLE x; --'", "request_id='%2A%2F%20DROP%20TABLE%20x%3B%20--%27'"],
  // What the platform's own test reads back.
  ["r/1 '*/", "request_id='r%2F1%20%27%2A%2F'"],
  ['\ud800', "request_id='%EF%BF%BD'"],
  ['a'.repeat(500), `request_id='${'a'.repeat(100)}'`],
])('names the request %j so that it cannot leave the comment', (requestId, part) => {
  const text = withContext({ ...scope, requestId }, () => commented('SELECT 1'));
  expect(text).toBe(`/*${part},traceparent='00-${TRACE}-00000000000000a1-01'*/ SELECT 1`);
});

it('adds nothing outside of a request, for ids that are none, or to a statement that has such a comment', () => {
  expect(commented('SELECT 1')).toBe('SELECT 1');
  expect(withContext({ traceId: "*/'", spanId: '1' }, () => commented('SELECT 1'))).toBe('SELECT 1');
  const twice = withContext(scope, () => commented(commented('SELECT 1')));
  expect(twice.match(/traceparent/g)).toHaveLength(1);
});

it('comments texts of every form but prepared statements and cursors, and passes values on', async () => {
  const { asked, client } = recordingClient();
  const cursor = { text: 'SELECT 2', submit: () => undefined };
  const done = () => undefined;
  await withContext(scope, async () => {
    await client.query('SELECT 1', [1]);
    await client.query({ text: 'SELECT 1', values: [1] });
    await client.query({ name: 'p', text: 'SELECT 1' });
    await client.query(cursor);
    await client.query('SELECT 1', [1], done);
  });
  const text = expect.stringMatching(
    /^\/\*request_id='r-1',traceparent='00-[0-9a-f]{32}-00000000000000a1-01'\*\/ SELECT 1$/,
  );
  expect(asked).toEqual([
    [text, [1]],
    [{ text, values: [1] }],
    [{ name: 'p', text: 'SELECT 1' }],
    [cursor],
    [text, [1], done],
  ]);
  expect(asked[3]?.[0]).toBe(cursor);
});

it('a statement within a span is a span of its own, and the comment names it', async () => {
  const { asked, client } = recordingClient();
  const root = await startSpan({ name: 'work' }, async (span) => {
    await client.query('SELECT  1\n FROM menu');
    return span;
  });
  expect(root.ended).toMatchObject([
    {
      op: 'db.query',
      description: 'SELECT 1 FROM menu',
      parent_span_id: root.spanId,
      data: { 'db.query.text': 'SELECT  1\n FROM menu', 'db.system.name': 'postgresql' },
    },
  ]);
  expect(asked[0]?.[0]).toContain(
    `traceparent='00-${root.traceId}-${(root.ended[0] as { span_id: string }).span_id}-01'`,
  );
});
