import ipaddr from 'ipaddr.js';

/**
 * How far an address may be trusted as the target of a check. `special` addresses (link-local, metadata services of
 * clouds) hand out credentials to whoever asks, so they are refused until named one by one.
 */
export type AddressClass = 'public' | 'private' | 'special';

/** What a monitor may reach: private addresses or not, or private ones and these special addresses or CIDRs. */
export type AllowPrivate = boolean | readonly string[];

type Address = ReturnType<typeof ipaddr.parse>;
type Network = ReturnType<typeof ipaddr.parseCIDR>;

const METADATA = [
  '169.254.0.0/16',
  'fe80::/10',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fd00:ec2::/32',
].map((cidr) => ipaddr.parseCIDR(cidr));

const RANK: Record<AddressClass, number> = { public: 0, private: 1, special: 2 };

/**
 * Classifies an IP address. An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) is as
 * bad as the worse of the two.
 */
export function classifyAddress(text: string): AddressClass {
  const address = parse(text);
  const inner = embeddedIpv4(address);
  const own = inner ? 'public' : classifyPlain(address);
  const carried = inner ? classifyPlain(inner) : 'public';
  return RANK[own] >= RANK[carried] ? own : carried;
}

/** Whether a check may connect to the address. */
export function isAllowed(text: string, allow: AllowPrivate): boolean {
  const kind = classifyAddress(text);
  if (kind === 'public') return true;
  if (typeof allow === 'boolean') return allow && kind === 'private';
  return kind === 'private' || allow.some((entry) => covers(entry, text));
}

function parse(text: string): Address {
  return ipaddr.parse(text.replace(/^\[|\]$/g, '').replace(/%.*$/, ''));
}

function classifyPlain(address: Address): AddressClass {
  if (METADATA.some((network) => inNetwork(address, network))) return 'special';
  return address.range() === 'unicast' ? 'public' : 'private';
}

/** Byte offset of the IPv4 address inside IPv6 prefixes that carry one. */
const CARRIERS: readonly { network: Network; at: number; invert?: boolean }[] = [
  { network: ipaddr.parseCIDR('::ffff:0:0/96'), at: 12 },
  { network: ipaddr.parseCIDR('::ffff:0:0:0/96'), at: 12 },
  { network: ipaddr.parseCIDR('64:ff9b::/96'), at: 12 },
  { network: ipaddr.parseCIDR('64:ff9b:1::/48'), at: 12 },
  { network: ipaddr.parseCIDR('2002::/16'), at: 2 },
  { network: ipaddr.parseCIDR('2001::/32'), at: 12, invert: true },
];

function embeddedIpv4(address: Address): Address | undefined {
  if (address.kind() === 'ipv4') return undefined;
  const bytes = address.toByteArray();
  const carrier = CARRIERS.find(({ network }) => inNetwork(address, network)) ?? compatible(bytes);
  if (!carrier) return undefined;
  const inner = bytes.slice(carrier.at, carrier.at + 4);
  return ipaddr.fromByteArray(carrier.invert ? inner.map((byte) => byte ^ 0xff) : inner);
}

/** `::a.b.c.d`; `::` and `::1` are addresses of their own. */
function compatible(bytes: number[]): { at: number; invert?: boolean } | undefined {
  const leading = bytes.slice(0, 12).every((byte) => byte === 0);
  const small = bytes[12] === 0 && bytes[13] === 0;
  return leading && !small ? { at: 12 } : undefined;
}

function inNetwork(address: Address, [network, bits]: Network): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
}

function covers(entry: string, text: string): boolean {
  const address = parse(text);
  const candidates = [address, embeddedIpv4(address)].filter((candidate) => candidate !== undefined);
  if (entry.includes('/')) {
    return ipaddr.isValidCIDR(entry) && candidates.some((candidate) => inNetwork(candidate, ipaddr.parseCIDR(entry)));
  }
  if (!ipaddr.isValid(entry)) return false;
  const named = parse(entry).toNormalizedString();
  return candidates.some((candidate) => candidate.toNormalizedString() === named);
}
