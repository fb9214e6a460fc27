import { Agent, createServer, request } from 'node:http';

/** A webhook that takes everything at once and notes when each alert arrived, by its label `n`. */
export async function startReceiver() {
  const arrivals = new Map();
  let messages = 0;
  const server = createServer(async (incoming, answer) => {
    const at = performance.now();
    const body = JSON.parse(Buffer.concat(await incoming.toArray()).toString());
    answer.end();
    messages += 1;
    for (const { labels } of body.alerts ?? []) if (!arrivals.has(labels.n)) arrivals.set(labels.n, at);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    arrivals,
    messages: () => messages,
    close: () => server.close(),
  };
}

const headers = { 'content-type': 'application/json', 'x-yumops-key': 'k' };

function post(url, alerts, agent) {
  const body = Buffer.from(JSON.stringify(alerts));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/api/v2/alerts`,
      { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
      async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const until = async (check, ms) => {
  const deadline = performance.now() + ms;
  while (!check()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
};

export const alertOf = (n, group = n) => ({
  labels: { alertname: `a${group}`, n: String(n), severity: 'critical', instance: `host-${n}` },
  annotations: { summary: `alert ${n}` },
  startsAt: new Date().toISOString(),
});

/** One alert after another; milliseconds from the POST until the webhook has it. */
export async function latencies(url, receiver, count, first) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = [];
  for (let n = first; n < first + count; n++) {
    const begun = performance.now();
    await post(url, [alertOf(n)], agent);
    if (!(await until(() => receiver.arrivals.has(String(n)), 10_000))) throw new Error(`alert ${n} did not arrive`);
    times.push(receiver.arrivals.get(String(n)) - begun);
  }
  agent.destroy();
  return times;
}

/** Alerts in batches over four connections: seconds until all were accepted, and until all were delivered. */
export async function flood(url, receiver, { count, batch, groups, first, waitMs = 120_000 }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const queue = Array.from({ length: count / batch }, (_, b) =>
    Array.from({ length: batch }, (_, i) => {
      const n = first + b * batch + i;
      return alertOf(n, groups === null ? n : `g${first}-${n % groups}`);
    }),
  );
  const begun = performance.now();
  const sender = async () => {
    for (let alerts = queue.shift(); alerts; alerts = queue.shift()) await post(url, alerts, agent);
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  const accepted = (performance.now() - begun) / 1_000;
  // Goes on where it stopped: what has arrived stays.
  let next = first;
  const all = () => {
    while (next < first + count && receiver.arrivals.has(String(next))) next += 1;
    return next === first + count;
  };
  const delivered = await until(all, waitMs);
  agent.destroy();
  return { accepted, perSecond: count / accepted, delivered: delivered ? (performance.now() - begun) / 1_000 : null };
}
