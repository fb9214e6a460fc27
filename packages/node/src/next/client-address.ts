import { currentScope } from '../runtime/scope.ts';

/** The address of the running request's client under the application's proxy trust, or undefined outside a request. */
export function clientAddress(): string | undefined {
  return currentScope()?.fields.ip;
}
