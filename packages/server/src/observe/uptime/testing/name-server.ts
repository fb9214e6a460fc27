import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** How the name server treats a question: the data of its answers, `refused`, `silence`, or `cut` over UDP. */
export type DnsAnswer = { type: number; data: Buffer[] } | 'missing' | 'broken' | 'silence';

export interface NameServer {
  port: number;
  /** Transports over which questions came. */
  asked: ('udp' | 'tcp')[];
  close(): Promise<void>;
}

/** Most bytes of an answer over UDP; a longer one is cut and asked for again over TCP. */
const UDP_LIMIT = 512;

/**
 * A name server on one port of 127.0.0.1, over UDP and TCP.
 * @param answer by the name that is asked for
 */
export async function serveDns(answer: (name: string) => DnsAnswer): Promise<NameServer> {
  const asked: NameServer['asked'] = [];
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (chunk) => {
      asked.push('tcp');
      const reply = respond(chunk.subarray(2), answer);
      if (!reply) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    });
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4', (question, from) => {
    asked.push('udp');
    const reply = respond(question, answer);
    if (reply) udp.send(reply.length > UDP_LIMIT ? cut(reply) : reply, from.port, from.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    port,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([new Promise((done) => tcp.close(done)), new Promise<void>((done) => udp.close(() => done()))]);
    },
  };
}

function respond(question: Buffer, answer: (name: string) => DnsAnswer): Buffer | undefined {
  const { name, end } = readName(question, 12);
  const wanted = answer(name);
  if (wanted === 'silence') return undefined;
  const header = Buffer.from(question.subarray(0, 12));
  const records = typeof wanted === 'string' ? [] : wanted.data;
  const code = wanted === 'missing' ? 3 : wanted === 'broken' ? 2 : 0;
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const type = typeof wanted === 'string' ? 0 : wanted.type;
  return Buffer.concat([header, question.subarray(12, end + 4), ...records.map((data) => record(type, data))]);
}

/** The name of the question as a pointer, class IN, 60 seconds to live. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function cut(reply: Buffer): Buffer {
  const { end } = readName(reply, 12);
  const short = Buffer.from(reply.subarray(0, end + 4));
  short.writeUInt16BE(short.readUInt16BE(2) | 0x0200, 2);
  short.writeUInt16BE(0, 6);
  return short;
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** A name as it stands in a record. */
export function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
