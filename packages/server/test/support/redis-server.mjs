import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';

/** A real Redis on a port of its own, which can be killed and comes back empty, as a cache does. */
export class RedisServer {
  #folder = mkdtempSync(join(tmpdir(), 'yumops-redis-'));
  #settings;
  #running;

  static async start(settings = []) {
    const server = new RedisServer(await freePort(), settings);
    await server.start();
    return server;
  }

  constructor(port, settings) {
    this.port = port;
    this.#settings = settings;
  }

  get runs() {
    return this.#running !== undefined;
  }

  async start() {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder];
    this.#running = spawn('redis-server', [...args, ...this.#settings], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const chunk of this.#running.stdout) if (String(chunk).includes('Ready to accept')) return;
  }

  async kill() {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  async remove() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
