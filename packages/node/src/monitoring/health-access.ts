import { createHash, timingSafeEqual } from 'node:crypto';
import { pipeline } from '../runtime/pipeline.ts';
import { isPrivateAddress } from '../runtime/private-address.ts';
import type { Caller } from './health-endpoint.ts';

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
  return isPrivateAddress(caller.direct);
}
