// CPU that the request log adds to a bare Node server: `node bench/logger/requests.mjs [rounds]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureRequests } from '../../packages/node/test/request-cost.mjs';

const rounds = Number(process.argv[2] ?? 7);
const requests = 8_000;
const loadBefore = loadavg()[0];
const figures = await measureRequests({ rounds, requests });
console.table({ bare: figures.bare, 'request log': figures.logged });
console.log(`added CPU per request: ${figures.addedUs} us (median), ${figures.addedBestUs} us (best rounds); goal 10`);
const date = new Date().toISOString();
const report = {
  ...{ bench: 'request log', date, node: process.version, rounds, requests },
  ...{ loadBefore, loadAfter: loadavg()[0], goalUs: 10, ...figures },
};
const results = join(dirname(fileURLToPath(import.meta.url)), '..', 'results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, `request-log-${date.slice(0, 10)}.json`), `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
