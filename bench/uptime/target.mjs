// A web server that answers at once and remembers when each path was asked; paths that begin with /hung never answer.
import { createServer } from 'node:http';

const hits = new Map();
const server = createServer((request, response) => {
  const path = request.url ?? '';
  const times = hits.get(path);
  if (times) times.push(performance.now());
  else hits.set(path, [performance.now()]);
  if (path.startsWith('/hung')) return;
  response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message === 'forget') hits.clear();
  process.send({ hits: message === 'forget' ? [] : [...hits], now: performance.now() });
});
process.once('disconnect', () => process.exit());
