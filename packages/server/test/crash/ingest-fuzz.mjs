import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { seededRandom } from './seeded-random.mjs';
import { startPlatform } from './start-platform.mjs';

const SEEDS = [
  '{"timestamp":"2026-11-23T10:00:00.000Z","level":"error","message":"Connection refused","service":"api","statusCode":502}',
  '{"type":"request","method":"GET","endpoint":"/a/[id]","statusCode":200,"duration":12.5,"requestId":"r1","slow":false}',
  '{"type":"metric","name":"heap","value":1.5,"labels":{"pid":1}}\n{"type":"outbound","host":"h","failed":true}',
  '{"a":{"b":{"c":[1,2,{"d":"e"}]}},"attributes":{"x":1},"password":"p","u":"\\ud83d\\ude00","n":-1.5e-10}',
  '[{"message":"a"},{"message":"b","time":1795429580548,"level":30}]',
  '{"message":"Bearer abcDEF123456 4111 1111 1111 1111 postgres://u:p@h/d","time":"2026-11-23"}',
  '{"type":"security","event":"failed_authentication","severity":"high","ip":"192.0.2.1"}\nnull\n[]\n"x"\nNaN',
];

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\n',
  '\r',
  '\0',
  '\u{feff}',
  '\\u',
  '\\ud800',
  '1e999',
  '-',
  'null',
  '\xff',
  '"type":"metric",',
  '{}',
  '[[[[',
];

/** Damages a text in up to five places. */
export function mutate(random, text) {
  let bytes = Buffer.from(text);
  const times = Math.floor(random() * 6);
  for (let i = 0; i < times; i += 1) {
    const at = Math.floor(random() * (bytes.length + 1));
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (Math.floor(random() * 6)) {
      case 0:
        bytes = Buffer.concat([before, Buffer.from([Math.floor(random() * 256)]), after.subarray(1)]);
        break;
      case 1:
        bytes = Buffer.concat([before, after.subarray(Math.floor(random() * 12))]);
        break;
      case 2:
        bytes = Buffer.concat([before, Buffer.from(PIECES[Math.floor(random() * PIECES.length)]), after]);
        break;
      case 3:
        bytes = Buffer.concat([before, before.subarray(Math.floor(random() * (before.length + 1))), after]);
        break;
      case 4:
        bytes = Buffer.concat([bytes, Buffer.from('\n'), Buffer.from(SEEDS[Math.floor(random() * SEEDS.length)])]);
        break;
      default:
        bytes = Buffer.from(before);
    }
  }
  return bytes;
}

function makeRequest(random) {
  const body = mutate(random, SEEDS[Math.floor(random() * SEEDS.length)]);
  const path = random() < 0.7 ? '/ingest/ndjson' : '/ingest/json';
  const headers = { 'x-yumops-key': 'k' };
  const kind = random();
  if (kind < 0.15) {
    const packed = gzipSync(body);
    const cut = random() < 0.3 ? Math.floor(random() * packed.length) : packed.length;
    return { path, body: packed.subarray(0, cut), headers: { ...headers, 'content-encoding': 'gzip' } };
  }
  if (kind < 0.2) return { path, body: deflateSync(body), headers: { ...headers, 'content-encoding': 'deflate' } };
  if (kind < 0.25) return { path, body, headers: { ...headers, 'content-encoding': 'gzip' } };
  if (kind < 0.3)
    headers['content-type'] = ['application/json', 'text/plain', 'nonsense', 'application/x-ndjson; charset=x'][
      Math.floor(random() * 4)
    ];
  if (kind > 0.9) headers['x-yumops-batch'] = random() < 0.5 ? 'not valid !' : `batch-${Math.floor(random() * 1e6)}`;
  return { path, body, headers };
}

/**
 * Sends `bodies` mutated bodies to a running intake.
 * @returns how often each status came, and whether all that was accepted reached the store
 */
export async function runIngestFuzz({ bodies, seed, print = () => {} }) {
  const random = seededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'yumops-fuzz-ingest-'));
  // The engine's own user must be able to enter, or its data would be put, and stay, elsewhere.
  await chmod(folder, 0o755);
  const statuses = {};
  try {
    const platform = await startPlatform(folder);
    let sent = 0;
    const worker = async () => {
      while (sent < bodies) {
        sent += 1;
        if (sent % 10_000 === 0) print(`${sent}/${bodies} bodies`);
        const { path, body, headers } = makeRequest(random);
        const response = await fetch(`${platform.url}${path}`, { method: 'POST', body, headers });
        await response.arrayBuffer();
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const drained = await drain(platform);
    platform.child.send('stop');
    await platform.exited;
    return { statuses, drained, exitCode: platform.child.exitCode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drain(platform) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    platform.child.send('stats');
    const [{ stats }] = await once(platform.child, 'message');
    if (stats.lagSeconds === 0) return true;
    await sleep(100);
  }
  return false;
}
