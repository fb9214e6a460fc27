// The whole alert path with its intake over HTTP as a process of its own, for tests that kill it.
import { loadConfig } from '../../dist/config/index.js';
import { alertmanagerRoutes } from '../../dist/http/alertmanager.js';
import { createHttpServer } from '../../dist/http/server.js';
import { systemClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { LIMITS } from '../../dist/respond/alerting/deliver/throttle.js';
import { createAlerting } from '../../dist/respond/alerting/index.js';
import { createNotifiers } from '../../dist/respond/notify/index.js';
import { connectState } from '../../dist/store/state/index.js';

const { url, configFolder, mailEveryMs } = JSON.parse(process.env.ALERT_PROCESS);
const log = createLog(systemClock, (line) => process.stderr.write(line), 'error');
const db = connectState(url, { log, maxConnections: 6 });
const { config, findings } = loadConfig({ path: configFolder, env: {} });
if (!config) throw new Error(JSON.stringify(findings));
const alerting = createAlerting({
  ...{ db, config, log, clock: systemClock, publicUrl: 'http://127.0.0.1:4600', instance: 'one' },
  telemetry: { query: async () => [] },
  watermark: () => undefined,
  monitorStates: async () => [],
  resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
  notifiers: ({ integrations }) => createNotifiers(integrations, systemClock),
  audit: async () => undefined,
  limits: { ...LIMITS, perContact: { ...LIMITS.perContact, email: [{ count: 1, perMs: mailEveryMs }] } },
});
const app = await createHttpServer({ log, version: '0' });
const guard = () => async () => undefined;
const findIngestKey = async () => ({ scope: 'server', project: null });
alertmanagerRoutes(app, { alerting, guard, findIngestKey, version: '0', startedAt: Date.now() });
alerting.start();
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
