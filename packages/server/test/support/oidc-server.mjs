import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

/** A real provider of OpenID Connect on a port of its own. */
export async function startOidcServer({ clientId, clientSecret, redirectUri, people }) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['only-for-tests'] },
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, ...people[id] }) }),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    /** Walks through the pages as `person` would. @returns where the provider sends the browser back to */
    async signIn(person, address) {
      const browser = newBrowser();
      let at = await browser(address);
      for (let step = 0; step < 12; step += 1) {
        if (at.startsWith(redirectUri)) return at;
        const { pathname } = new URL(at, issuer);
        if (!pathname.startsWith('/interaction/')) at = await browser(new URL(at, issuer).href);
        else at = await fillIn(browser, new URL(at, issuer).href, person);
      }
      throw new Error(`The provider did not send the browser back, but to ${at}.`);
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function fillIn(browser, page, person) {
  const form = await browser.read(page);
  const login = form.includes('name="login"');
  const fields = login ? { prompt: 'login', login: person, password: 'any' } : { prompt: 'consent' };
  return browser(page, { method: 'POST', body: new URLSearchParams(fields) });
}

/** Keeps cookies, follows nothing. */
function newBrowser() {
  const cookies = new Map();
  const ask = async (url, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    return answer;
  };
  const browser = async (url, init) => {
    const answer = await ask(url, init);
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
    return location;
  };
  browser.read = async (url) => (await ask(url)).text();
  return browser;
}
