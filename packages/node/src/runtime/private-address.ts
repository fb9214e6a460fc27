import { BlockList, isIP } from 'node:net';
import { normaliseAddress } from '../middleware/client-address.ts';

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

/** Whether a text is an address of this machine or of a private network; a name is none. */
export function isPrivateAddress(text: string | undefined): boolean {
  const address = normaliseAddress(text);
  return address !== undefined && PRIVATE.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
