import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../packages/server/dist/engines/free-port.js';

const ALERTMANAGER = '/usr/bin/prometheus-alertmanager';
const PROMETHEUS = '/usr/bin/prometheus';

async function untilReady(url) {
  for (let tries = 0; tries < 200; tries++) {
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not get ready`);
}

function stopper(child) {
  return async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };
}

/** Debian's Alertmanager with the same receiver and grouping; undefined where it is not installed. */
export async function startAlertmanager(folder, receiverUrl) {
  if (!existsSync(ALERTMANAGER)) return undefined;
  const file = join(folder, 'alertmanager.yml');
  await writeFile(
    file,
    JSON.stringify({
      route: {
        receiver: 'sink',
        group_by: ['alertname'],
        group_wait: '0s',
        group_interval: '10s',
        repeat_interval: '4h',
      },
      receivers: [{ name: 'sink', webhook_configs: [{ url: receiverUrl, send_resolved: true, max_alerts: 0 }] }],
    }),
  );
  const port = await freePort();
  const args = [
    `--config.file=${file}`,
    `--storage.path=${join(folder, 'am')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(ALERTMANAGER, [...args, '--cluster.listen-address=', '--log.level=error'], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  return { url, pid: child.pid, stop: stopper(child) };
}

/** Seconds that Debian's Prometheus needs for one evaluation of so many simple rules; undefined where not installed. */
export async function prometheusCycles(folder, ruleCount, cycles) {
  if (!existsSync(PROMETHEUS)) return undefined;
  const page = Array.from({ length: ruleCount }, (_, n) => `m{idx="${n}"} 0.1`).join('\n');
  const target = createServer((_request, answer) => answer.end(`${page}\n`));
  await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
  const rules = Array.from({ length: ruleCount }, (_, n) => ({ alert: `r${n}`, expr: `m{idx="${n}"} > 0.5` }));
  await writeFile(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'all', interval: '2s', rules }] }));
  const scrape = {
    job_name: 'm',
    scrape_interval: '1s',
    static_configs: [{ targets: [`127.0.0.1:${target.address().port}`] }],
  };
  const config = { rule_files: [join(folder, 'rules.yml')], scrape_configs: [scrape] };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`];
  const child = spawn(PROMETHEUS, [...args, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], {
    stdio: 'inherit',
  });
  await untilReady(url);
  const times = [];
  let last = '';
  while (times.length < cycles) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { data } = await fetch(`${url}/api/v1/rules`).then((response) => response.json());
    const [group] = data.groups;
    if (!group || group.evaluationTime === 0 || group.lastEvaluation === last) continue;
    last = group.lastEvaluation;
    times.push(group.evaluationTime * 1_000);
  }
  await stopper(child)();
  target.close();
  return times;
}
