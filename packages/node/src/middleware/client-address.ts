import { BlockList, isIP } from 'node:net';

/** Headers by lower-case name. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Who may say where a request comes from.
 * - `false`: nobody; the socket's address counts.
 * - a number: that many proxies in front add to `x-forwarded-for`.
 * - a list: proxies by address or CIDR; `loopback` and `private` stand for those ranges.
 * - `vercel`, `cloudflare`, `fly`: the platform's own header, which it overwrites.
 * - `nginx`: its `x-real-ip`, from a proxy on this machine or in a private network.
 */
export type ProxyTrust = false | number | readonly string[] | 'vercel' | 'cloudflare' | 'fly' | 'nginx';

/** @returns the client's address, or undefined when nothing valid is known */
export type AddressResolver = (peer: string | undefined, header: HeaderLookup) => string | undefined;

const PLATFORM_HEADERS = { vercel: 'x-real-ip', cloudflare: 'cf-connecting-ip', fly: 'fly-client-ip' } as const;
const RANGES: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const MAX_HOPS = 32;
/** An IPv6 address with brackets, zone and port has fewer characters. */
const LONGEST_ADDRESS = 128;

/** Addresses seen lately, with their one form: connections stay, and clients come again. */
const seen = new Map<string, string>();
const MOST_SEEN = 1024;

/** Writes an address in one form: IPv4 inside IPv6 unwrapped, port, brackets and zone removed. @returns undefined for anything else */
export function normaliseAddress(text: string | undefined): string | undefined {
  if (text === undefined || text.length > LONGEST_ADDRESS) {
    return undefined;
  }
  const known = seen.get(text);
  if (known !== undefined) {
    return known;
  }
  const address = formOf(text);
  if (address !== undefined) {
    if (seen.size >= MOST_SEEN) {
      seen.clear();
    }
    seen.set(text, address);
  }
  return address;
}

function formOf(text: string): string | undefined {
  if (isIP(text) === 4) {
    return text;
  }
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1];
  if (mapped !== undefined) {
    return isIP(mapped) === 4 ? mapped : undefined;
  }
  return isIP(address) === 0 ? undefined : address;
}

/** Reads the text form of {@link ProxyTrust}, as `YUMOPS_TRUST_PROXY` has it. */
export function parseProxyTrust(text: string | undefined): ProxyTrust {
  const wanted = text?.trim() ?? '';
  if (wanted === '' || wanted === 'false' || wanted === '0') {
    return false;
  }
  if (/^\d+$/.test(wanted)) {
    return Number(wanted);
  }
  if (wanted === 'vercel' || wanted === 'cloudflare' || wanted === 'fly' || wanted === 'nginx') {
    return wanted;
  }
  return wanted.split(',').map((part) => part.trim());
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries.flatMap((item) => RANGES[item] ?? [item])) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
      throw new TypeError(`trustProxy: "${entry}" is neither an address nor a CIDR`);
    }
    list.addSubnet(
      address,
      bits === undefined ? (family === 4 ? 32 : 128) : Number(bits),
      family === 4 ? 'ipv4' : 'ipv6',
    );
  }
  return list;
}

function hopsOf(header: HeaderLookup): string[] {
  return (header('x-forwarded-for') ?? '')
    .split(',')
    .slice(-MAX_HOPS)
    .map((hop) => hop.trim())
    .filter(Boolean)
    .reverse();
}

function byCount(count: number): AddressResolver {
  return (peer, header) => {
    const chain = [peer, ...hopsOf(header)];
    return normaliseAddress(chain[Math.min(count, chain.length - 1)]) ?? normaliseAddress(peer);
  };
}

function byList(entries: readonly string[]): AddressResolver {
  const proxies = blockListOf(entries);
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return (peer, header) => {
    let client = normaliseAddress(peer);
    for (const hop of hopsOf(header)) {
      if (client === undefined || !isProxy(client)) {
        break;
      }
      const next = normaliseAddress(hop);
      if (next === undefined) {
        break;
      }
      client = next;
    }
    return client;
  };
}

/** The rightmost address that no trusted proxy vouches away; the socket's address when nothing is trusted. */
export function addressResolver(trust: ProxyTrust): AddressResolver {
  if (trust === false) {
    return (peer) => normaliseAddress(peer);
  }
  if (typeof trust === 'number') {
    return byCount(trust);
  }
  if (trust === 'nginx') {
    const near = blockListOf(['loopback', 'private']);
    return (peer, header) => {
      const proxy = normaliseAddress(peer);
      const isNear = proxy !== undefined && near.check(proxy, isIP(proxy) === 4 ? 'ipv4' : 'ipv6');
      return (isNear ? normaliseAddress(header('x-real-ip')?.trim()) : undefined) ?? proxy;
    };
  }
  if (typeof trust === 'string') {
    const name = PLATFORM_HEADERS[trust];
    return (peer, header) => normaliseAddress(header(name)?.trim()) ?? normaliseAddress(peer);
  }
  return byList(trust);
}
