// Made-up requests to every route of a real platform, by nobody, an ingest key, and each role: no 5xx, and no look inside.
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
const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function makeToken(role) {
  const answer = await fetch(`${platform.url}/api/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(admin) },
    body: JSON.stringify({ name: role, role }),
  });
  if (!answer.ok) throw new Error(`No token for a ${role}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).secret;
}

try {
  const { paths } = await (await fetch(`${platform.url}/api/openapi.json`)).json();
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      ...{ method: method.toUpperCase(), path },
      query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
    })),
  );
  const logins = [{ 'x-yumops-key': key }, bearer(admin)];
  for (const role of ['viewer', 'responder']) logins.push(bearer(await makeToken(role)));
  const result = await fuzzRoutes({
    ...{ url: platform.url, routes, secrets: [admin, join(folder, 'data')], logins, seed },
    ...{ requests: Number(values.requests), print: console.log },
  });
  console.log(result);
  console.log(`${routes.length} routes, each at least ${result.rounds} times by each of ${logins.length + 1} logins`);
  const alive = (await fetch(`${platform.url}/readyz`)).ok;
  const passed = alive && result.failures.length === 0 && result.leaks.length === 0;
  console.log(passed ? 'passed' : 'failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
}
