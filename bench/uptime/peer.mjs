import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/server/dist/engines/free-port.js';

/** Versions of prometheus and its blackbox exporter as Debian packages them; undefined when one is not installed. */
export function installedPeer() {
  try {
    const version = (name) =>
      execFileSync(name, ['--version'], { stdio: 'pipe' })
        .toString()
        .match(/version (\S+)/)?.[1];
    return { prometheus: version('prometheus'), blackbox_exporter: version('prometheus-blackbox-exporter') };
  } catch {
    return undefined;
  }
}

/** Starts both over the same addresses. */
export async function startPeer(folder, urls, intervalSeconds) {
  await mkdir(folder, { recursive: true });
  const [prometheusPort, blackboxPort] = [await freePort(), await freePort()];
  await writeFile(join(folder, 'blackbox.yml'), 'modules:\n  http_2xx:\n    prober: http\n    timeout: 10s\n');
  const config = {
    global: { scrape_interval: `${intervalSeconds}s`, scrape_timeout: '10s' },
    scrape_configs: [
      {
        job_name: 'blackbox',
        metrics_path: '/probe',
        params: { module: ['http_2xx'] },
        static_configs: [{ targets: urls }],
        relabel_configs: [
          { source_labels: ['__address__'], target_label: '__param_target' },
          { source_labels: ['__param_target'], target_label: 'instance' },
          { target_label: '__address__', replacement: `127.0.0.1:${blackboxPort}` },
        ],
      },
    ],
  };
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const blackbox = spawn(
    'prometheus-blackbox-exporter',
    [`--config.file=${join(folder, 'blackbox.yml')}`, `--web.listen-address=127.0.0.1:${blackboxPort}`],
    { stdio: 'ignore' },
  );
  await sleep(1_000);
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ],
    { stdio: 'ignore' },
  );
  return {
    pids: { prometheus: prometheus.pid, blackbox_exporter: blackbox.pid },
    async stop() {
      const exits = [prometheus, blackbox].map((child) => once(child, 'exit'));
      for (const child of [prometheus, blackbox]) child.kill('SIGTERM');
      await Promise.all(exits);
    },
  };
}
