import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOnce, monitorOf } from '../../testing/monitors.ts';
import { type Running, serveHttp } from '../../testing/servers.ts';

let server: Running;
let seen: string[] = [];
beforeAll(async () => {
  server = await serveHttp((request, response) => {
    const { authorization } = request.headers;
    seen.push(`${request.method} ${request.url} ${authorization ?? '-'}`);
    const answers: Record<string, () => void> = {
      '/login': () => response.writeHead(200, { 'x-cart': 'c 1/2' }).end('{"token":"tok-98765","user":{"id":7}}'),
      '/home': () => response.writeHead(authorization === 'Bearer tok-98765' ? 200 : 401).end('Hello Ann'),
      '/echo': () => request.pipe(response),
      '/hang': () => undefined,
    };
    const path = request.url?.split('?')[0] ?? '';
    (answers[path] ?? (() => response.writeHead(404).end(`no ${authorization}`)))();
  });
});
afterAll(() => server.close());

const login = (save: Record<string, string> = { token: 'json.token' }) => ({
  name: 'login',
  url: `${server.url}/login`,
  method: 'POST',
  body: '{"user":"ann"}',
  save,
});

function check(...steps: Record<string, unknown>[]) {
  seen = [];
  return checkOnce({ kind: 'steps', steps, timeout: '3s' });
}

test('values of one answer are carried into the address, the headers and the body of the next', async () => {
  const result = await check(
    login({ token: 'json.token', cart: 'header.x-cart', id: 'json.user.id' }),
    {
      name: 'home',
      url: `${server.url}/home?cart={{cart}}`,
      headers: { authorization: 'Bearer {{ token }}' },
      expected_text: 'Ann',
    },
    { name: 'echo', url: `${server.url}/echo`, method: 'POST', body: 'user {{id}}', expected_text: 'user 7' },
    { name: 'auth', url: `${server.url}/home`, auth: { bearer: '{{token}}' } },
  );
  expect(result).toMatchObject({ verdict: 'up', reason: null, statusCode: 200 });
  expect(seen).toEqual([
    'POST /login -',
    'GET /home?cart=c%201%2F2 Bearer tok-98765',
    'POST /echo -',
    'GET /home Bearer tok-98765',
  ]);
});

test('the step that failed is named, those after it are not made, and what was carried is masked', async () => {
  const result = await check(
    login(),
    { name: 'missing', url: `${server.url}/gone`, headers: { authorization: 'Bearer {{token}}' } },
    { name: 'home', url: `${server.url}/home` },
  );
  expect(result).toMatchObject({
    verdict: 'down',
    reason: 'Step 2 "missing": Expected status 200, got 404 Not Found.',
    statusCode: 404,
    evidence: { body: 'no [masked]' },
  });
  expect(seen).toHaveLength(2);
});

test('an answer without the value that is to be saved is down', async () => {
  expect(await check(login({ token: 'json.nothing' }))).toMatchObject({
    verdict: 'down',
    reason: 'Step 1 "login": Expected the answer to have a value for token, it has none.',
  });
});

test('the timeout covers all steps, and every address is vetted', async () => {
  expect((await check(login(), { name: 'hang', url: `${server.url}/hang` })).reason).toBe(
    'Step 2 "hang": Timed out after 3 s while waiting for the first byte of the answer.',
  );
  expect((await check(login(), { name: 'steal', url: 'http://169.254.169.254/' })).reason).toContain(
    'Step 2 "steal": The address 169.254.169.254 is a link-local or metadata address and was refused.',
  );
});

test('a name that nobody saves before is refused in the configuration', () => {
  const compile = (step: Record<string, unknown>) => () =>
    monitorOf({ kind: 'steps', steps: [{ name: 'one', url: 'https://a.example/', ...step }] });
  expect(compile({ body: '{{token}}' })).toThrow('no earlier step saves "token"');
  expect(compile({ headers: { 'x-id': '{{id}}' } })).toThrow('no earlier step saves "id"');
  expect(compile({ save: { a: 'cookie.b' } })).toThrow('"cookie.b" cannot be saved');
});
