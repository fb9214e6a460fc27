import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentScope } from '../runtime/scope.ts';
import { SecurityMonitor } from '../security/monitor.ts';
import { refusalFor } from '../security/refusal.ts';
import { type RequestLogOptions, type RequestPolicy, requestPolicy } from './request-policy.ts';

export interface BlockListOptions extends Pick<RequestLogOptions, 'trustProxy'> {
  /** Default: the monitor of the process. */
  monitor?: SecurityMonitor;
}

/**
 * Express middleware that answers whoever is shut out with 429 and `Retry-After`. Use it after `requestLogger()`, before the routes:
 * `app.use(refuseBlocked())`. Pairs of address and account are refused by `guardLogin`, which knows the account.
 */
export function refuseBlocked(options: BlockListOptions = {}) {
  let policy: RequestPolicy | undefined;
  return (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void => {
    policy ??= requestPolicy(options);
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.join(',');
    };
    const ip = currentScope()?.fields.ip ?? policy.resolve(request.socket.remoteAddress, header);
    if (ip === undefined) {
      next();
      return;
    }
    const monitor = options.monitor ?? SecurityMonitor.shared();
    void monitor.blockOf(ip).then((block) => {
      if (block === undefined) {
        next();
        return;
      }
      const { status, headers, body } = refusalFor(block, header('accept'), Date.now());
      response.writeHead(status, headers).end(body);
    }, next);
  };
}
