// A shop behind a proxy, of which tests run several copies: `node guarded-shop.mjs PORT_OF_REDIS`. It sends its own port.
import express from 'express';
import { Redis } from 'ioredis';
import { refuseBlocked } from '../lib/esm/express.js';
import { SecurityMonitor } from '../lib/esm/index.js';

const redis = new Redis(Number(process.argv[2]), '127.0.0.1', {
  retryStrategy: () => 50,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
});
// Its loss is told by the health of the monitor.
redis.on('error', () => undefined);
const monitor = new SecurityMonitor({ redis, follow: false, redisTimeout: 2_000, redisRetryAfter: 50 });
const health = monitor.healthCheck();

const app = express();
app.get('/health', async (_request, response) => {
  response.json(await health.run(new AbortController().signal));
});
app.use(refuseBlocked({ monitor, trustProxy: 1 }));
app.get('/', (_request, response) => {
  response.send('menu');
});
app.post('/login', express.json(), async (request, response) => {
  const { account, password } = request.body;
  const ip = request.get('x-forwarded-for');
  const verdict = await monitor.guardLogin({ ip, account });
  if (!verdict.allow) {
    response.status(429).end();
    return;
  }
  const ok = password === 'right';
  await monitor.trackLogin({ ok, ip, account });
  response.status(ok ? 200 : 401).end();
});
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
