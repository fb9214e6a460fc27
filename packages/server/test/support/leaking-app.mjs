// An application that lets secrets slip by every way that the SDK offers.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const sdk = (name) => import(join(process.env.SDK, `${name}.js`));
const { logger, start, withContext, addContext } = await sdk('index');
const { withRequestLog } = await sdk('http');
const Sentry = await sdk('sentry');
const leaks = JSON.parse(process.env.LEAKS);
const secrets = JSON.parse(process.env.SECRETS);
const texts = JSON.parse(process.env.TEXTS);

start();
Sentry.initSentry({ tracesSampleRate: 1 });
for (const text of texts) {
  logger.info(text, { note: text });
  logger.error(text, new Error(text), leaks);
}
logger.info('context', { ...leaks, password: secrets.password });
withContext({ authorization: `Bearer ${secrets.bearer}` }, () => logger.info('in a context', leaks));
logger.securityEvent('failed_authentication', 'high', { ip: '203.0.113.9', ...leaks });
logger.businessEvent('order_placed', leaks);
Sentry.addBreadcrumb({ message: leaks.text, data: leaks });
Sentry.captureException(new Error(leaks.text), { extra: leaks, tags: { url: leaks.url } });
Sentry.captureMessage(leaks.text);

const require = createRequire(import.meta.url);
const pino = require('pino');
const { pinoDestination } = await sdk('pino');
const forPino = pino({ level: 'info' }, pinoDestination());
const winston = require('winston');
const { WinstonTransport } = await sdk('winston');
const forWinston = winston.createLogger({ transports: [new WinstonTransport()] });
const { captureConsole } = await sdk('console');
for (const text of texts) {
  forPino.info(leaks, text);
  forWinston.info(text, leaks);
}
const quiet = process.stdout.write;
process.stdout.write = () => true;
const restore = captureConsole();
for (const text of texts) console.log(text, leaks);
restore();
process.stdout.write = quiet;

const server = createServer(
  withRequestLog((_request, response) => {
    addContext({ userId: `token=${secrets.token}` });
    response.end('ok');
  }),
);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
await fetch(`http://127.0.0.1:${port}/pay?token=${secrets.token}`, {
  headers: { cookie: `sid=${secrets.cookie}`, authorization: `Bearer ${secrets.bearer}`, 'user-agent': secrets.jwt },
}).then((response) => response.text());
server.close();
await Sentry.flush(5_000);
logger.info('the end');
await logger.flush(5_000);
