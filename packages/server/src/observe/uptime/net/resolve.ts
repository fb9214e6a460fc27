import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { type AllowPrivate, classifyAddress, isAllowed } from './address.ts';

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** Finds the addresses of a host name. The system's resolver in production. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/**
 * The system's resolver (hosts file, search domains and all). Look-ups of one name at the same time are shared, so
 * that many monitors of a host whose DNS hangs hold one thread, not all.
 */
export function createResolver(): Resolve {
  const running = new Map<string, Promise<readonly ResolvedAddress[]>>();
  return (host) => {
    const shared = running.get(host);
    if (shared) return shared;
    const own = lookup(host, { all: true, order: 'verbatim' })
      .then((found) => found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }) as const))
      .finally(() => running.delete(host));
    running.set(host, own);
    return own;
  };
}

/** A resolver that knows addresses of one version of IP alone. */
export function onlyVersion(resolve: Resolve, version: 4 | 6): Resolve {
  return async (host) => {
    const found = (await resolve(host)).filter(({ family }) => family === version);
    if (found.length === 0) throw new Error(`it has no IPv${version} address`);
    return found;
  };
}

/**
 * The addresses of `host` that the monitor may reach. Connecting to these, and never to the name again, is what keeps
 * a name from changing its mind between the check and the connection.
 * @param host a name, an IPv4 address or an IPv6 address without brackets
 * @throws {YumOpsError} `dns_failed` when there is no such name, `address_refused` when no address is allowed
 */
export async function resolveAllowed(
  host: string,
  allow: AllowPrivate,
  resolve: Resolve,
): Promise<readonly ResolvedAddress[]> {
  const family = isIP(host);
  const found = family === 0 ? await resolveName(host, resolve) : [{ address: host, family: family as 4 | 6 }];
  const allowed = found.filter(({ address }) => isAllowed(address, allow));
  const refused = found[0];
  if (allowed.length === 0 && refused) throw refusal(host, refused.address);
  return allowed;
}

async function resolveName(host: string, resolve: Resolve): Promise<readonly ResolvedAddress[]> {
  try {
    const found = await resolve(host);
    if (found.length > 0) return found;
  } catch (error) {
    throw new YumOpsError('dns_failed', `DNS could not resolve ${host}: ${dnsReason(error)}.`, { cause: error });
  }
  throw new YumOpsError('dns_failed', `DNS has no address for ${host}.`);
}

const DNS_REASONS: Record<string, string> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server did not answer',
  EAI_NODATA: 'the name has no address',
};

function dnsReason(error: unknown): string {
  return DNS_REASONS[codeOf(error) ?? ''] ?? messageOf(error);
}

function refusal(host: string, address: string): YumOpsError {
  const where = host === address ? `The address ${address}` : `${host} is ${address}, which`;
  const special = classifyAddress(address) === 'special';
  return new YumOpsError(
    'address_refused',
    special
      ? `${where} is a link-local or metadata address and was refused.`
      : `${where} is a private address and was refused.`,
    { hint: special ? `Name ${address} in allow_private to check it.` : 'Set allow_private: true to check it.' },
  );
}
