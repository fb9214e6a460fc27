import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTelemetry } from '../../dist/store/telemetry/index.js';
import { seededRandom } from './seeded-random.mjs';
import { startPlatform } from './start-platform.mjs';

const ROWS = 250;
const SENDERS = 4;

/** Sends numbered requests, each under one batch id until it is acknowledged, at about `rate` rows a second. */
class Load {
  #url;
  #next = 0;
  #pending = [];
  #stopping = false;
  #running;
  acknowledged = 0;
  retried = 0;

  constructor(rate) {
    const pause = (1_000 * ROWS * SENDERS) / rate;
    this.#running = Promise.all(Array.from({ length: SENDERS }, () => this.#send(pause)));
  }

  aim(url) {
    this.#url = url;
  }

  /** Makes no new deliveries, and resolves when every one was acknowledged. */
  async finish() {
    this.#stopping = true;
    await this.#running;
    return this.#next;
  }

  async #send(pause) {
    for (;;) {
      const started = performance.now();
      const delivery = this.#pending.shift() ?? (this.#stopping ? undefined : this.#make());
      if (!delivery) return;
      while (!(await this.#deliver(delivery))) {
        this.retried += 1;
        await sleep(50);
      }
      this.acknowledged += ROWS;
      if (!this.#stopping) await sleep(Math.max(0, pause - (performance.now() - started)));
    }
  }

  #make() {
    const lines = Array.from({ length: ROWS }, () => {
      this.#next += 1;
      const seq = this.#next;
      return JSON.stringify({
        timestamp: new Date().toISOString(),
        type: 'request',
        level: seq % 7 === 0 ? 'debug' : 'info',
        message: `request ${seq}`,
        service: 'crash',
        method: 'GET',
        endpoint: '/x',
        statusCode: 200,
        duration: seq % 100,
        userId: String(seq),
      });
    });
    return { id: randomUUID(), body: lines.join('\n') };
  }

  async #deliver({ id, body }) {
    try {
      const response = await fetch(`${this.#url}/ingest/ndjson`, {
        method: 'POST',
        body,
        headers: { 'x-yumops-key': 'k', 'x-yumops-batch': id },
        signal: AbortSignal.timeout(10_000),
      });
      const answer = await response.json();
      return response.status === 202 && answer.accepted === ROWS;
    } catch {
      return false;
    }
  }
}

const DEATHS = ['time', 'journalled', 'inserted', 'retired', 'engine', 'both'];

/**
 * Kills a platform during ingest, `kills` times, and its engine at random; then counts.
 * @returns what was sent and what is stored; `lost` and `doubled` must be 0
 */
export async function runIngestKills({ kills, seed, rate = 10_000, print = () => {} }) {
  const random = seededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'yumops-crash-ingest-'));
  // The engine's own user must be able to enter, or its data would be put, and stay, elsewhere.
  await chmod(folder, 0o755);
  const load = new Load(rate);
  let engineKills = 0;
  let upSeconds = 0;
  try {
    for (let round = 0; round < kills; round += 1) {
      const death = DEATHS[(round + seed) % DEATHS.length];
      const planned = ['journalled', 'inserted', 'retired'].includes(death);
      const platform = await startPlatform(folder, planned ? [death, 1 + Math.floor(random() * 6)] : []);
      if (!platform) continue;
      load.aim(platform.url);
      const ready = performance.now();
      await Promise.race([platform.exited, sleep(400 + random() * 900)]);
      if (death === 'engine' || death === 'both') {
        process.kill(platform.enginePid, 'SIGKILL');
        engineKills += 1;
        if (death === 'engine') await sleep(600 + random() * 900);
      }
      platform.child.kill('SIGKILL');
      await platform.exited;
      upSeconds += (performance.now() - ready) / 1_000;
      print(`kill ${round + 1}/${kills} (${death}), ${load.acknowledged} rows acknowledged`);
    }
    const rowsPerSecond = Math.round(load.acknowledged / upSeconds);
    return { ...(await count(folder, load)), engineKills, rowsPerSecond };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function count(folder, load) {
  const platform = await startPlatform(folder);
  load.aim(platform.url);
  const sent = await load.finish();
  for (let lag = 1; lag > 0; ) {
    platform.child.send('stats');
    const [{ stats }] = await once(platform.child, 'message');
    lag = stats.lagSeconds;
    if (lag > 0) await sleep(100);
  }
  const telemetry = connectTelemetry(platform.telemetryUrl);
  const counted = async (table) => {
    const [row] = await telemetry.query(
      `SELECT count() AS total, uniqExact(userId) AS distinct FROM ${table} WHERE service = 'crash'`,
    );
    return row;
  };
  const logs = await counted('logs');
  const requests = await counted('request_rows');
  const [dead] = await telemetry.query('SELECT count() AS total FROM dead_letters');
  await telemetry.close();
  platform.child.send('stop');
  await platform.exited;
  return {
    sent,
    retried: load.retried,
    lost: Math.max(sent - logs.distinct, sent - requests.distinct),
    doubled: Math.max(logs.total - logs.distinct, requests.total - requests.distinct),
    deadLetters: dead.total,
  };
}
