import { AsyncLocalStorage } from 'node:async_hooks';
import { shared } from './shared.ts';

/** Fields that every record written inside a piece of asynchronous work carries. */
export interface ScopeFields {
  requestId?: string;
  traceId?: string;
  spanId?: string;
  userId?: string;
  ip?: string;
  [field: string]: unknown;
}

/** The request that a scope belongs to, as far as inner layers may refine it. */
export interface ScopeRequest {
  /** Route template, once a layer knows it. */
  route: string | undefined;
  /** Asks the framework for it when the request has ended. */
  findRoute?: () => string | undefined;
  /** The worst error that was sent while it ran. */
  failure?: 'errored' | 'crashed';
  /** Name of the server action that it runs. */
  action?: string;
  /** Address of the connection's other end. */
  peer: string | undefined;
  /** Whether a proxy's header came with it. */
  forwarded: boolean;
  /** False where whoever began its trace does not keep it. */
  sampled?: boolean;
  /** What came as `tracestate`, and the trace that it is of. */
  tracestate?: { traceId: string; value: string };
}

/** The fields of one piece of work, and their text once a logger has written them. */
export interface Scope {
  fields: ScopeFields;
  request: ScopeRequest | undefined;
  /** Cache of the fields as JSON, with the writer that made it. */
  written: { by: object; text: string; keys: ReadonlySet<string> } | undefined;
}

const scopes = shared('scopes', () => new AsyncLocalStorage<Scope>());

/** The scope of the running work, if it has one. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** Runs `work` so that every record written in it, also later and in callbacks, carries `fields`. Nested calls add to the outer fields. */
export function withContext<Result>(fields: ScopeFields, work: () => Result): Result {
  const outer = scopes.getStore();
  return scopes.run({ fields: { ...outer?.fields, ...fields }, request: outer?.request, written: undefined }, work);
}

/** Adds fields to the running scope, for example the user once the session is known. Without a scope it does nothing. */
export function addContext(fields: ScopeFields): void {
  const scope = scopes.getStore();
  if (scope !== undefined) {
    Object.assign(scope.fields, fields);
    scope.written = undefined;
  }
}

/** Runs `work` inside the scope of a request. */
export function runInScope<Result>(scope: Scope, work: () => Result): Result {
  return scopes.run(scope, work);
}

/** Makes `scope` that of the rest of the current asynchronous work. For framework hooks that cannot wrap a callback. */
export function enterScope(scope: Scope): void {
  scopes.enterWith(scope);
}
