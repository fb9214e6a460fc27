import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisServer } from '../../server/test/support/redis-server.mjs';
import { until } from '../src/testing/recording-server.ts';

const ATTACKER = '203.0.113.9';
const OFFICE = '198.51.100.7';

let redis: RedisServer;
const copies: { child: ChildProcess; url: string }[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  for (let copy = 0; copy < 2; copy++) {
    const child = fork(resolve(import.meta.dirname, 'guarded-shop.mjs'), [String(redis.port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    copies.push({ child, url: `http://127.0.0.1:${port}` });
  }
  await until(async () => (await counters()).every((state) => state === 'up'), 20_000);
});

afterAll(async () => {
  for (const { child } of copies) child.kill('SIGKILL');
  await redis?.remove();
});

const urlOf = (copy: number) => copies[copy % 2]?.url ?? '';

async function counters(): Promise<string[]> {
  const answers = copies.map(async ({ url }) => (await fetch(`${url}/health`)).json());
  return ((await Promise.all(answers)) as { details: { counters: string } }[]).map(({ details }) => details.counters);
}

async function login(copy: number, ip: string, account: string, password: string): Promise<number> {
  const init = { method: 'POST', body: JSON.stringify({ account, password }) };
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': ip };
  return (await fetch(`${urlOf(copy)}/login`, { ...init, headers })).status;
}

const visit = async (copy: number, ip: string) =>
  (await fetch(urlOf(copy), { headers: { 'x-forwarded-for': ip } })).status;

/** What both copies answer. */
const both = (ask: (copy: number) => Promise<number>) => Promise.all([0, 1].map(ask));

/** Guesses at accounts in turn over both copies. @returns how many were let through to the password */
async function spray(ip: string, name: string, most: number): Promise<number> {
  for (let guess = 0; guess < most; guess++) {
    if ((await login(guess, ip, `${name}${guess}`, 'wrong')) === 429) return guess;
  }
  return most;
}

it('two copies of an app refuse an attacker together, before, while and after Redis is killed; honest users get in', async () => {
  // Counted together: the tenth account ends it, whichever copy is asked.
  expect(await spray(ATTACKER, 'first', 40)).toBe(10);
  expect(await both((copy) => visit(copy, ATTACKER))).toEqual([429, 429]);

  // In mid-attack of another one.
  expect(await spray('203.0.113.10', 'second', 6)).toBe(6);
  await redis.kill();
  expect(await both((copy) => visit(copy, ATTACKER))).toEqual([429, 429]);
  await until(async () => (await counters()).every((state) => state === 'down'), 20_000);
  for (let guest = 0; guest < 20; guest++) {
    expect(await login(guest, OFFICE, `guest${guest}`, 'right')).toBe(200);
  }
  // Each copy counts what it sees and what it knew: alone, neither opens.
  expect(await spray('203.0.113.10', 'third', 40)).toBeLessThanOrEqual(20);

  await redis.start();
  await until(async () => (await counters()).every((state) => state === 'up'), 20_000);
  expect(await both((copy) => visit(copy, ATTACKER))).toEqual([429, 429]);
  expect(await both((copy) => visit(copy, '203.0.113.10'))).toEqual([429, 429]);
  expect(await both((copy) => visit(copy, OFFICE))).toEqual([200, 200]);
  expect(await both((copy) => login(copy, OFFICE, 'guest1', 'right'))).toEqual([200, 200]);
});
