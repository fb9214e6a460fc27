// Rows a second, and rows per CPU-second of the platform's processes, from HTTP until they can be queried, for NDJSON and for
// OTLP in JSON and protobuf; beside the engine's own load of a file with the same rows into the same table. Sentry envelopes:
// see bench/envelopes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BodyEncoder } from '../../packages/server/dist/observe/ingest/record/body.js';
import { connectTelemetry } from '../../packages/server/dist/store/telemetry/index.js';
import { otlpJson, otlpProtobuf } from './otlp.mjs';
import { cpuSeconds, treeCpuSeconds } from './process-tree.mjs';
import { makeRecord } from './records.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '300000' },
    batch: { type: 'string', default: '2500' },
    senders: { type: 'string', default: '3' },
    requests: { type: 'boolean', default: false },
  },
});
const ROWS = Number(values.rows);
const BATCH = Number(values.batch);

const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-ingest-'));
await chmod(folder, 0o755);
const platform = fork(fileURLToPath(new URL('./platform.mjs', import.meta.url)), [folder]);
const exited = once(platform, 'exit');
try {
  const [{ url, telemetryUrl, enginePid }] = await once(platform, 'message');
  const telemetry = connectTelemetry(telemetryUrl);
  const bodies = makeBodies();
  await send(url, bodies.slice(0, 8));
  await untilStored(telemetry, 8 * BATCH);
  const ingested = await measure(
    () => treeCpuSeconds(platform.pid),
    async () => {
      await send(url, bodies.slice(8));
      await untilStored(telemetry, ROWS + 8 * BATCH);
    },
  );
  const loaded = await measureFileLoad(telemetry, enginePid, bodies.slice(8));
  const protocols = {
    'otlp json': await measureOtlp(telemetry, url, 'application/json', otlpJson),
    'otlp protobuf': await measureOtlp(telemetry, url, 'application/x-protobuf', otlpProtobuf),
  };
  await telemetry.close();
  await report(
    { ingested, loaded, protocols },
    bodies.reduce((sum, body) => sum + body.length, 0) / (ROWS + 8 * BATCH),
  );
} finally {
  platform.send('stop');
  await exited;
  await rm(folder, { recursive: true, force: true });
}

/** The same rows as OTLP log records; a third of them, which is enough for a rate. */
async function measureOtlp(telemetry, url, type, encode) {
  const count = Math.ceil(ROWS / 3 / BATCH);
  const start = Date.now() - 3_600_000;
  const bodies = Array.from({ length: count }, (_, b) =>
    encode(Array.from({ length: BATCH }, (_, i) => makeRecord(b * BATCH + i, start + b * BATCH + i))),
  );
  const stored = async () => (await telemetry.query('SELECT count() AS n FROM logs'))[0].n;
  const before = await stored();
  return measure(
    () => treeCpuSeconds(platform.pid),
    async () => {
      await send(url, bodies, { path: '/v1/logs', type });
      await untilStored(telemetry, before + count * BATCH);
    },
    count * BATCH,
  );
}

function makeBodies() {
  const start = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const span = Date.now() - start;
  return Array.from({ length: Math.ceil(ROWS / BATCH) + 8 }, (_, b) => {
    const lines = Array.from({ length: BATCH }, (_, i) => {
      const n = b * BATCH + i;
      return JSON.stringify(
        makeRecord(n, start + Math.floor((span * n) / (ROWS + 8 * BATCH)), { requests: values.requests }),
      );
    });
    return Buffer.from(lines.join('\n'));
  });
}

async function send(url, bodies, { path = '/ingest/ndjson', type = 'application/x-ndjson' } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(values.senders) });
  const queue = [...bodies];
  const sender = async () => {
    for (let body = queue.shift(); body; body = queue.shift()) await post(`${url}${path}`, body, { agent, type });
  };
  await Promise.all(Array.from({ length: Number(values.senders) }, sender));
  agent.destroy();
}

function post(url, body, { agent, type }) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { 'x-yumops-key': 'k', 'content-type': type, 'content-length': body.length } },
      async (response) => {
        const chunks = await response.toArray();
        if (response.statusCode === 202 || response.statusCode === 200) resolve();
        else if (response.statusCode === 429)
          sleep(200).then(() => post(url, body, { agent, type }).then(resolve, reject));
        else reject(new Error(`${response.statusCode} ${Buffer.concat(chunks)}`));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function untilStored(telemetry, rows) {
  for (;;) {
    const [{ n }] = await telemetry.query('SELECT count() AS n FROM logs');
    if (n >= rows) return;
    await sleep(50);
  }
}

async function measure(cpu, work, rows = ROWS) {
  const [started, cpuBefore] = [performance.now(), cpu()];
  await work();
  const seconds = (performance.now() - started) / 1_000;
  return { rowsPerSecond: rows / seconds, rowsPerCpuSecond: rows / (cpu() - cpuBefore), seconds };
}

/** The rows as the platform hands them to the engine, in one file, loaded by the engine alone. */
async function measureFileLoad(telemetry, enginePid, bodies) {
  const path = join(folder, 'rows.ndjson');
  const file = await open(path, 'w', 0o644);
  const encoder = new BodyEncoder('file', 'key');
  for (const body of bodies) {
    const { parts, payload } = encoder.encode(body, 'ndjson', { project: '1', now: Date.now() });
    let at = 0;
    for (const part of parts) {
      if (part.table === 'logs') await file.write(payload, at, part.bytes);
      at += part.bytes;
    }
  }
  await file.close();
  await sleep(3_000);
  const [{ columns }] = await telemetry.query(
    `SELECT arrayStringConcat(groupArray(name), ', ') AS columns FROM system.columns
     WHERE database = currentDatabase() AND table = 'logs' AND name != 'receivedAt'`,
  );
  return measure(
    () => cpuSeconds(enginePid),
    () =>
      telemetry.command(
        `INSERT INTO logs (${columns}) SELECT ${columns} FROM file('${path}', 'JSONEachRow')
         SETTINGS date_time_input_format = 'best_effort', input_format_json_read_objects_as_strings = 0,
           schema_inference_make_columns_nullable = 0, use_structure_from_insertion_table_in_table_functions = 1`,
      ),
  );
}

async function report({ ingested, loaded, protocols }, bytesPerRow) {
  const round = ({ rowsPerSecond, rowsPerCpuSecond, seconds }) => ({
    rowsPerSecond: Math.round(rowsPerSecond),
    rowsPerCpuSecond: Math.round(rowsPerCpuSecond),
    cpuMicrosecondsPerRow: Number((1e6 / rowsPerCpuSecond).toFixed(1)),
    seconds: Number(seconds.toFixed(2)),
  });
  const result = {
    measuredAt: new Date().toISOString(),
    node: process.version,
    cores: cpus().length,
    rows: ROWS,
    rowsPerRequest: BATCH,
    bytesPerRow: Math.round(bytesPerRow),
    requestLines: values.requests,
    load: loadavg()[0],
    http: round(ingested),
    ...Object.fromEntries(Object.entries(protocols).map(([name, figures]) => [name, round(figures)])),
    fileLoad: round(loaded),
    shareOfFileLoad: {
      rowsPerSecond: Number((ingested.rowsPerSecond / loaded.rowsPerSecond).toFixed(3)),
      rowsPerCpuSecond: Number((ingested.rowsPerCpuSecond / loaded.rowsPerCpuSecond).toFixed(3)),
    },
  };
  console.log(result);
  const results = fileURLToPath(new URL('../results/', import.meta.url));
  await mkdir(results, { recursive: true });
  await writeFile(
    join(results, values.requests ? 'ingest-requests.json' : 'ingest.json'),
    `${JSON.stringify(result, null, 2)}\n`,
  );
}
