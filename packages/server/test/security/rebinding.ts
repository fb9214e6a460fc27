import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isIP, type Socket } from 'node:net';
import dns2 from 'dns2';

/** A name server on loopback, as which every look-up of this process goes; a name may change its mind with every answer. */
export interface ChangingNames {
  /** What a name is, answer by answer; the last stays. */
  set(name: string, ...answers: readonly string[][]): void;
  /** How often a name was asked for since it was set. */
  asked(name: string): number;
  /** Addresses to which a connection was begun since the last call. Only those to 127.0.0.1 leave the process. */
  dialled(): string[];
  stop(): Promise<void>;
}

const REFUSED = -111;

export async function startChangingNames(): Promise<ChangingNames> {
  const names = new Map<string, { answers: readonly string[][]; asked: number }>();
  const { Packet } = dns2;
  const server = dns2.createServer({
    udp: true,
    handle(request, send) {
      const response = Packet.createResponseFromRequest(request);
      const name = request.questions[0]?.name ?? '';
      const known = names.get(name);
      if (known === undefined) response.header.rcode = 3;
      else {
        const addresses = known.answers[Math.min(known.asked, known.answers.length - 1)] ?? [];
        known.asked += 1;
        const { TYPE, CLASS } = Packet;
        for (const address of addresses)
          response.answers.push({ name, type: TYPE.A, class: CLASS.IN, ttl: 0, address });
      }
      send(response);
    },
  });
  await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
  const restore = askHere(`127.0.0.1:${server.addresses().udp.port}`);
  const dialled = watchConnections();
  return {
    set: (name, ...answers) => void names.set(name, { answers, asked: 0 }),
    asked: (name) => names.get(name)?.asked ?? 0,
    dialled: dialled.take,
    async stop() {
      dialled.stop();
      restore();
      await server.close();
    },
  };
}

/** Lets the look-ups of the system go to one name server. @returns undoes it */
function askHere(server: string): () => void {
  const resolver = new dnsPromises.Resolver({ tries: 1 });
  resolver.setServers([server]);
  const originals = { lookup: dns.lookup, promised: dnsPromises.lookup };
  const find = async (host: string) =>
    isIP(host) === 0
      ? (await resolver.resolve4(host)).map((address) => ({ address, family: 4 as const }))
      : [{ address: host, family: isIP(host) }];
  const put = (lookup: unknown, promised: unknown) => {
    Object.assign(dns, { lookup });
    Object.assign(dnsPromises, { lookup: promised });
    syncBuiltinESMExports();
  };
  put(
    (host: string, ...rest: [unknown, ...unknown[]]) => {
      const done = rest.at(-1) as (...answer: unknown[]) => void;
      const { all = false } = rest.length > 1 ? (rest[0] as { all?: boolean }) : {};
      find(host).then(
        (found) => (all ? done(null, found) : done(null, found[0]?.address, found[0]?.family)),
        (error: unknown) => done(error),
      );
    },
    (host: string) => find(host),
  );
  return () => put(originals.lookup, originals.promised);
}

/** Notes where connections go, and keeps those from leaving that go beyond 127.0.0.1. */
function watchConnections(): { take(): string[]; stop(): void } {
  let seen: string[] = [];
  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket & { _handle: Record<'connect' | 'connect6', unknown> } };
    socket.on('connectionAttempt', (address: string) => {
      seen.push(address);
      const refuse = () => REFUSED;
      if (address !== '127.0.0.1') Object.assign(socket._handle, { connect: refuse, connect6: refuse });
    });
  };
  subscribe('net.client.socket', onSocket);
  return {
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: () => void unsubscribe('net.client.socket', onSocket),
  };
}
