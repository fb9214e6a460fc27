import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;

const USER_AGENTS = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0',
];

/** One connection pool for all visitors. @param {number} sockets */
export const newAgent = (sockets) => new Agent({ keepAlive: true, maxSockets: sockets });

/** Someone with an address, a browser and a cookie. */
export class Visitor {
  #site;
  #address;
  #userAgent;
  /** @type {string | undefined} */
  cookie;

  /**
   * @param {{ origin: string, agent: Agent, random: () => number, signal: AbortSignal }} site
   * @param {string} [address] default: one of the range for benchmarks, 198.18.0.0/15, which nobody has
   */
  constructor(site, address) {
    this.#site = site;
    const part = () => Math.floor(site.random() * 254) + 1;
    this.#address = address ?? `198.${18 + Math.floor(site.random() * 2)}.${part()}.${part()}`;
    this.#userAgent = USER_AGENTS[Math.floor(site.random() * USER_AGENTS.length)];
  }

  get random() {
    return this.#site.random;
  }

  /** Reads a page. @param {string} path */
  open(path) {
    return this.#send('GET', path, { accept: 'text/html' });
  }

  /** Calls an endpoint as the page's own script would. @param {string} path */
  fetch(path) {
    return this.#send('GET', path, { accept: 'application/json' });
  }

  /** Posts JSON. @param {string} path @param {object} body */
  post(path, body) {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    return this.#send('POST', path, headers, JSON.stringify(body));
  }

  /** Sends a file as the field `photo` of a form. @param {string} path @param {Buffer} file */
  upload(path, file) {
    const boundary = 'yumzoom-photo';
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="photo"; filename="photo.png"\r\ncontent-type: image/png\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    const headers = { accept: 'application/json', 'content-type': `multipart/form-data; boundary=${boundary}` };
    return this.#send('POST', path, headers, body);
  }

  /** Reads, chooses, hesitates. @param {number} least seconds @param {number} most seconds */
  async think(least, most) {
    await sleep((least + (most - least) * this.random() ** 2) * 1000, undefined, { signal: this.#site.signal });
  }

  /** @returns {Promise<{ status: number, body: string }>} */
  #send(method, path, headers, body) {
    const { origin, agent, signal } = this.#site;
    const sent = {
      ...headers,
      'user-agent': this.#userAgent,
      'x-forwarded-for': this.#address,
      ...(this.cookie && { cookie: this.cookie }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body), origin }),
    };
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${origin}${path}`, { method, agent, headers: sent, signal, timeout: TIMEOUT_MS });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      request.on('error', reject);
      request.on('response', (response) => {
        const cookie = response.headers['set-cookie']?.find((line) => line.startsWith('yumzoom_session='));
        if (cookie) this.cookie = cookie.split(';', 1)[0];
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, body: text }));
      });
      request.end(body);
    });
  }
}
