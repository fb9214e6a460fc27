import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { backendOf, runOutage } from '../../packages/node/test/outage.mjs';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '600' },
    before: { type: 'string', default: '60' },
  },
});

/** Counts the lines of batches that it takes, and the losses that it is told of; a batch counts once. */
function countingBackend() {
  const seen = new Set();
  const counts = { lines: 0, dropped: 0 };
  const server = createServer(async (request, response) => {
    const text = gunzipSync(Buffer.concat(await request.toArray())).toString();
    const id = request.headers['x-yumops-batch'];
    if (!seen.has(id)) {
      seen.add(id);
      for (const line of text.trimEnd().split('\n')) {
        const record = JSON.parse(line);
        if (record.name === 'yumops_sdk_dropped') counts.dropped += record.value;
        else if (record.message === 'line') counts.lines += 1;
      }
    }
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"accepted":1,"rejected":[]}');
  });
  return { server, counts };
}

const { server, counts } = countingBackend();
const { backend, port } = await backendOf(server);
const figures = await runOutage({
  entry: fileURLToPath(new URL('../../packages/node/lib/esm/index.js', import.meta.url)),
  ...{
    port,
    rate: Number(values.rate),
    upSeconds: Number(values.before),
    downSeconds: Number(values.seconds),
    backend,
  },
});
console.log({ ...figures, ...counts, lost: figures.written - counts.lines - counts.dropped });
const passed = figures.written === counts.lines + counts.dropped && figures.extraMb <= 32;
console.log(passed ? 'passed' : 'failed');
process.exit(passed ? 0 : 1);
