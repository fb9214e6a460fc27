import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { normaliseAddress } from '../middleware/client-address.ts';
import { pipeline } from '../runtime/pipeline.ts';
import type { Caller } from './health-endpoint.ts';

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Whether details may be read: with the bearer token, or over a connection that comes from a private address itself.
 * @param token default `HEALTH_TOKEN`
 */
export function mayReadDetails(caller: Caller, token = pipeline().settings.healthToken): boolean {
  const sent = /^Bearer (.+)$/i.exec(caller.header('authorization') ?? '')?.[1];
  if (token && sent !== undefined && timingSafeEqual(digest(sent), digest(token))) {
    return true;
  }
  const address = normaliseAddress(caller.direct);
  return address !== undefined && PRIVATE.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
