import { EventEmitter } from 'node:events';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { ReplicationCommand, type WireConnection } from './command.ts';

/** A client whose messages are given by hand. */
function clientOf() {
  let paused = false;
  const stream = {
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
    isPaused: () => paused,
  };
  const connection = Object.assign(new EventEmitter(), { stream }) as unknown as WireConnection;
  const client = Object.assign(new EventEmitter(), { connection, query: () => undefined }) as unknown as pg.Client;
  return { client, isPaused: () => paused };
}

const message = (kind: string, length: number, seed: number) =>
  Buffer.concat([Buffer.from(kind), Buffer.from(Array.from({ length }, (_, n) => (n * 7 + seed) % 251))]);

test('messages of one kind are joined as far as they follow each other, and every byte stays in its order', async () => {
  const { client } = clientOf();
  const command = new ReplicationCommand(client, 'BASE_BACKUP', { joined: 'd'.charCodeAt(0) });
  const sent = [
    message('n', 9, 1),
    ...Array.from({ length: 40 }, (_, n) => message('d', 8_192, n)),
    message('m', 0, 0),
    message('d', 300_000, 5),
    message('d', 1, 6),
  ];
  for (const chunk of sent) {
    // The driver reuses its buffer.
    const lent = Buffer.from(chunk);
    command.handleCopyData({ chunk: lent });
    lent.fill(0);
  }
  command.handleReadyForQuery();
  const got: Buffer[] = [];
  let events = 0;
  for await (const event of command) {
    if (event.kind !== 'copy') continue;
    events++;
    const last = got.at(-1);
    if (event.bytes[0] === 0x64 && last?.[0] === 0x64)
      got[got.length - 1] = Buffer.concat([last, event.bytes.subarray(1)]);
    else got.push(Buffer.from(event.bytes));
  }
  const [name, ...rest] = sent;
  const data = (parts: Buffer[]) => Buffer.concat([Buffer.from('d'), ...parts.map((part) => part.subarray(1))]);
  expect(got.map((part) => part.length)).toEqual([10, 1 + 40 * 8_192, 1, 300_002]);
  expect(
    got.every((part, n) =>
      part.equals([name as Buffer, data(rest.slice(0, 40)), rest[40] as Buffer, data(rest.slice(41))][n] as Buffer),
    ),
  ).toBe(true);
  expect(events).toBeLessThan(12);
});

test('memory of joined messages is used again, and the socket waits for a slow reader', async () => {
  const { client, isPaused } = clientOf();
  const command = new ReplicationCommand(client, 'BASE_BACKUP', { joined: 'd'.charCodeAt(0) });
  const memories = new Set<ArrayBufferLike>();
  const events = command[Symbol.asyncIterator]();
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 3; n++) command.handleCopyData({ chunk: message('d', 32_768, round) });
    const { value } = await events.next();
    if (value?.kind === 'copy') memories.add(value.bytes.buffer);
  }
  expect(memories.size).toBeLessThan(3);
  expect(isPaused()).toBe(false);
  for (let n = 0; n < 20; n++) command.handleCopyData({ chunk: message('d', 32_768, n) });
  expect(isPaused()).toBe(true);
  for (let n = 0; n < 4; n++) await events.next();
  expect(isPaused()).toBe(false);
});
