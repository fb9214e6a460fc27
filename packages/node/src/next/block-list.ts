import { refusalFor } from '../security/refusal.ts';

/** Set by the instrumentation, which overwrites what a client sends. */
const CLIENT_HEADER = 'x-yumops-client';

interface Monitor {
  blockOf(ip: string): Promise<{ until: number } | undefined>;
}

type SharedValues = Map<string, unknown> | undefined;

/** The monitor of this process, if the application has set one up; the edge runtime has none. */
function processMonitor(): Monitor | undefined {
  const values = (globalThis as { [key: symbol]: SharedValues })[Symbol.for('yumops.node.1')];
  // Without the instrumentation the header would be the client's own.
  if (values === undefined || !values.has('server-requests')) return undefined;
  return (values.get('security') as { monitor(): Monitor } | undefined)?.monitor();
}

/**
 * For `proxy.ts`: the answer for somebody who is shut out, undefined for everybody else. Needs the instrumentation, and
 * `SecurityMonitor.configure` in it.
 */
export async function refuseBlocked(request: Request): Promise<Response | undefined> {
  const ip = request.headers.get(CLIENT_HEADER);
  const block = ip === null || ip === '' ? undefined : await processMonitor()?.blockOf(ip);
  if (block === undefined) return undefined;
  const { body, ...init } = refusalFor(block, request.headers.get('accept'), Date.now());
  return new Response(body, init);
}
