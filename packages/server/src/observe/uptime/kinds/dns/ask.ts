import type { CaaRecord, MxRecord, SoaRecord, SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import type { Attempt } from '../../attempt.ts';
import { findAddresses } from '../../net/dial.ts';
import type { DnsMonitorConfig, RecordType } from './config.ts';

/**
 * Asks the name server over UDP, and over TCP when the answer is cut.
 * @returns the records as texts: addresses, names, `10 mail.example.com` of MX
 * @throws {YumOpsError} `dns_failed` with a sentence, or the attempt's reason at its deadline
 */
export async function ask(monitor: DnsMonitorConfig, attempt: Attempt): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  if (monitor.resolver !== null) resolver.setServers([await serverOf(monitor.resolver, attempt)]);
  const onAbort = () => resolver.cancel();
  attempt.signal.throwIfAborted();
  attempt.signal.addEventListener('abort', onAbort, { once: true });
  attempt.timer.enter('dns');
  try {
    return await READERS[monitor.record](resolver, monitor.host);
  } catch (error) {
    attempt.signal.throwIfAborted();
    throw refusal(monitor, error);
  } finally {
    attempt.signal.removeEventListener('abort', onAbort);
  }
}

async function serverOf({ host, port }: { host: string; port: number }, attempt: Attempt): Promise<string> {
  const [first] = await findAddresses(host, attempt);
  const address = first?.address ?? host;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

type Reader = (resolver: Resolver, host: string) => Promise<string[]>;

const READERS: Record<RecordType, Reader> = {
  A: (resolver, host) => resolver.resolve4(host),
  AAAA: (resolver, host) => resolver.resolve6(host),
  CAA: async (resolver, host) => (await resolver.resolveCaa(host)).map(caaText),
  CNAME: (resolver, host) => resolver.resolveCname(host),
  MX: async (resolver, host) => (await resolver.resolveMx(host)).map(mxText),
  NS: (resolver, host) => resolver.resolveNs(host),
  PTR: (resolver, host) => resolver.resolvePtr(host),
  SOA: async (resolver, host) => [soaText(await resolver.resolveSoa(host))],
  SRV: async (resolver, host) => (await resolver.resolveSrv(host)).map(srvText),
  TXT: async (resolver, host) => (await resolver.resolveTxt(host)).map((chunks) => chunks.join('')),
};

function mxText({ priority, exchange }: MxRecord): string {
  return `${priority} ${exchange}`;
}

function srvText({ priority, weight, port, name }: SrvRecord): string {
  return `${priority} ${weight} ${port} ${name}`;
}

function soaText({ nsname, hostmaster, serial, refresh, retry, expire, minttl }: SoaRecord): string {
  return `${nsname} ${hostmaster} ${serial} ${refresh} ${retry} ${expire} ${minttl}`;
}

/** `0 issue letsencrypt.org` */
function caaText({ critical, ...properties }: CaaRecord): string {
  const [tag = '', value = ''] = Object.entries(properties).find(([name]) => name !== 'type') ?? [];
  return `${critical} ${tag} ${value}`;
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'the name has none',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused to answer',
  ETIMEOUT: 'the name server did not answer',
  ECONNREFUSED: 'no name server listens there',
  EFORMERR: 'the name server did not understand the question',
  EBADRESP: 'the answer of the name server is not valid',
};

function refusal({ host, record, resolver }: DnsMonitorConfig, error: unknown): YumOpsError {
  const reason = REASONS[codeOf(error) ?? ''] ?? messageOf(error);
  const server = resolver === null ? 'the system' : `${resolver.host}:${resolver.port}`;
  return new YumOpsError('dns_failed', `Expected ${record} records of ${host} from ${server}: ${reason}.`, {
    cause: error,
  });
}
