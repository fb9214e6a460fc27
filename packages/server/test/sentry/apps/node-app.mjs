// An application as a customer has it: one official SDK, everything that it offers, by changing the DSN only.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { SDK, SDK_FOLDER, DSN, RUN, SECRETS = '{}' } = process.env;
const Sentry = createRequire(join(SDK_FOLDER, 'x.js'))(SDK);
const secrets = JSON.parse(SECRETS);

Sentry.init({
  dsn: DSN,
  release: `shop@1.0.0-${RUN}`,
  environment: 'production',
  tracesSampleRate: 1,
  enableLogs: true,
  sendDefaultPii: true,
  _experiments: { enableLogs: true },
});

Sentry.setUser({ id: `user-${RUN}`, email: 'ada@example.com' });
Sentry.setTag('run', RUN);
Sentry.addBreadcrumb({
  category: 'cart',
  message: `added ${RUN}`,
  level: 'info',
  data: { password: secrets.password },
});

function pay() {
  throw new TypeError(`cannot pay ${RUN}`, { cause: new Error(`bank is closed ${RUN}`) });
}
try {
  pay();
} catch (error) {
  Sentry.withScope((scope) => {
    scope.addAttachment({
      filename: 'state.json',
      data: JSON.stringify({ run: RUN, password: secrets.password }),
      contentType: 'application/json',
    });
    scope.setExtra('login', { password: secrets.password, note: `Bearer ${secrets.bearer}`, pem: secrets.pem });
    Sentry.captureException(error);
  });
}
Sentry.captureMessage(`plain message ${RUN} card ${secrets.card} jwt ${secrets.jwt}`, 'warning');

await Sentry.startSpan(
  { name: `checkout ${RUN}`, op: 'task', attributes: { url: `https://x.example/?token=${secrets.token}` } },
  () => Sentry.startSpan({ name: `charge ${RUN}`, op: 'db.query' }, async () => 1),
);

const monitor = {
  schedule: { type: 'crontab', value: '0 3 * * *' },
  checkinMargin: 5,
  maxRuntime: 30,
  timezone: 'UTC',
};
const checkInId = Sentry.captureCheckIn({ monitorSlug: `nightly-${RUN}`, status: 'in_progress' }, monitor);
Sentry.captureCheckIn({ checkInId, monitorSlug: `nightly-${RUN}`, status: 'ok', duration: 1.5 });

Sentry.logger?.info(`log line ${RUN}`, { cart: 3, authorization: secrets.bearer });
Sentry.metrics?.count?.(`orders.${RUN}`, 2, { attributes: { country: 'de' } });
Sentry.captureFeedback?.({ message: `words ${RUN}`, name: 'Ada', email: 'ada@example.com' });
Sentry.startSession?.();
Sentry.endSession?.();

const server = createServer((request, response) => {
  request.resume();
  Sentry.captureException(new Error(`in a request ${RUN}`));
  response.end('ok');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const headers = {
  cookie: `session=${secrets.cookie}`,
  authorization: `Bearer ${secrets.bearer}`,
  'content-type': 'application/json',
};
const body = JSON.stringify({ password: secrets.password, card: secrets.card });
await fetch(`http://127.0.0.1:${server.address().port}/pay?token=${secrets.token}&q=1`, {
  method: 'POST',
  headers,
  body,
});
server.close();

await Sentry.flush(8_000);
await Sentry.close(3_000);
process.exit(0);
