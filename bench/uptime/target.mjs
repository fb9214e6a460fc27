// A web server that answers at once and remembers when each path was asked; paths that begin with /hung never answer.
// Told to fail, it answers 503; what is posted to /hook is kept as a message.
import { createServer } from 'node:http';

const hits = new Map();
const messages = [];
let failing = false;
const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path === '/hook') {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      messages.push({ at: performance.now(), text: text.slice(0, 300) });
      response.end('ok');
    });
    return;
  }
  const times = hits.get(path);
  if (times) times.push(performance.now());
  else hits.set(path, [performance.now()]);
  if (path.startsWith('/hung')) return;
  response.writeHead(failing ? 503 : 200, { 'content-type': 'text/plain' }).end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message === 'forget') hits.clear();
  if (message === 'fail') failing = true;
  if (message === 'heal') failing = false;
  process.send({ hits: message === 'report' ? [...hits] : [], messages, now: performance.now() });
});
process.once('disconnect', () => process.exit());
