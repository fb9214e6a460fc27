import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzRoutes } from '../../packages/server/test/access/route-fuzz.mjs';
import { startYumops } from '../../packages/server/test/support/start-yumops.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    requests: { type: 'string', default: '200000' },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const admin = 'fuzz-admin-token-0123456789';
const key = '0123456789abcdef0123456789abcdef';
const folder = await mkdtemp(join(tmpdir(), 'yumops-fuzz-'));
await chmod(folder, 0o755);
await writeFile(join(folder, 'yumops.yml'), 'service: fuzz\n');
const env = { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: admin, YUMOPS_INGEST_KEY: key };
const platform = await startYumops({ folder, env });
try {
  const { paths } = await (await fetch(`${platform.url}/api/openapi.json`)).json();
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      ...{ method: method.toUpperCase(), path },
      query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
    })),
  );
  const result = await fuzzRoutes({
    ...{ url: platform.url, routes, secrets: [admin, join(folder, 'data')], logins: [{ 'x-yumops-key': key }], seed },
    ...{ requests: Number(values.requests), print: console.log },
  });
  console.log(result);
  const alive = (await fetch(`${platform.url}/readyz`)).ok;
  const passed = alive && result.failures.length === 0 && result.leaks.length === 0;
  console.log(passed ? 'passed' : 'failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
}
