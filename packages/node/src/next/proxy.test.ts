import { expect, it, vi } from 'vitest';
import { currentClient, init } from '../errors/current.ts';
import { withProxyLog } from './proxy.ts';

it('sends what a proxy throws, which Next.js tells nobody of, and throws it on', async () => {
  init({ dsn: 'http://key@127.0.0.1:9/1', autoSessionTracking: false });
  const client = currentClient();
  if (client === undefined) throw new Error('no client');
  const sent = vi.spyOn(client, 'captureException');
  const error = new Error('no session store');
  const proxy = withProxyLog(() => Promise.reject(error));
  await expect(proxy(new Request('http://x.test/cart?token=abc'))).rejects.toBe(error);
  expect(sent).toHaveBeenCalledWith(
    error,
    { tags: { route: 'proxy', method: 'GET', path: '/cart' } },
    { type: 'nextjs', handled: false },
  );
});
