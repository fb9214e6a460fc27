// A server whose requests cost what is measured: `bare`, or with the SDK's request log (id, trace, client, scope, one line). Tells its CPU time when asked.
import { createServer } from 'node:http';
import { withRequestLog } from '../lib/esm/http.js';

const answer = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"ok":true}');
};
const server = createServer(process.argv[2] === 'bare' ? answer : withRequestLog(answer));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
process.on('disconnect', () => process.exit(0));
