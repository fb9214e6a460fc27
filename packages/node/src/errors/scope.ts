import { AsyncLocalStorage } from 'node:async_hooks';
import { shared } from '../runtime/shared.ts';

export type SeverityLevel = 'fatal' | 'error' | 'warning' | 'info' | 'debug' | 'log';

export interface User {
  id?: string | number;
  email?: string;
  username?: string;
  ip_address?: string;
  [more: string]: unknown;
}

export interface Breadcrumb {
  type?: string;
  category?: string;
  level?: SeverityLevel;
  message?: string;
  data?: Record<string, unknown>;
  /** Seconds since the epoch; left out = now. */
  timestamp?: number;
}

export interface Attachment {
  filename: string;
  data: string | Uint8Array;
  contentType?: string;
}

const MOST_BREADCRUMBS = 100;

/** What is known around an error: of the process, of a request, of a piece of work. */
export class Scope {
  user: User | null = null;
  level: SeverityLevel | undefined;
  fingerprint: string[] | undefined;
  transaction: string | undefined;
  readonly tags: Record<string, unknown> = {};
  readonly extra: Record<string, unknown> = {};
  readonly contexts: Record<string, unknown> = {};
  breadcrumbs: Breadcrumb[] = [];
  attachments: Attachment[] = [];

  setUser(user: User | null): this {
    this.user = user;
    return this;
  }

  setTag(name: string, value: unknown): this {
    this.tags[name] = value;
    return this;
  }

  setTags(tags: Record<string, unknown>): this {
    Object.assign(this.tags, tags);
    return this;
  }

  setExtra(name: string, value: unknown): this {
    this.extra[name] = value;
    return this;
  }

  setExtras(extras: Record<string, unknown>): this {
    Object.assign(this.extra, extras);
    return this;
  }

  setContext(name: string, context: Record<string, unknown> | null): this {
    if (context === null) {
      delete this.contexts[name];
    } else {
      this.contexts[name] = context;
    }
    return this;
  }

  setLevel(level: SeverityLevel): this {
    this.level = level;
    return this;
  }

  setFingerprint(fingerprint: string[]): this {
    this.fingerprint = fingerprint;
    return this;
  }

  setTransactionName(name: string): this {
    this.transaction = name;
    return this;
  }

  addBreadcrumb(breadcrumb: Breadcrumb): this {
    this.breadcrumbs.push({ timestamp: Date.now() / 1000, ...breadcrumb });
    if (this.breadcrumbs.length > MOST_BREADCRUMBS) {
      this.breadcrumbs.shift();
    }
    return this;
  }

  addAttachment(attachment: Attachment): this {
    this.attachments.push(attachment);
    return this;
  }

  clear(): this {
    Object.assign(this, new Scope());
    return this;
  }

  clone(): Scope {
    const copy = new Scope();
    Object.assign(copy.tags, this.tags);
    Object.assign(copy.extra, this.extra);
    Object.assign(copy.contexts, this.contexts);
    copy.user = this.user;
    copy.level = this.level;
    copy.fingerprint = this.fingerprint;
    copy.transaction = this.transaction;
    copy.breadcrumbs = [...this.breadcrumbs];
    copy.attachments = [...this.attachments];
    return copy;
  }
}

const store = shared('error-scopes', () => ({ global: new Scope(), running: new AsyncLocalStorage<Scope>() }));

/** The scope of the running work, else that of the process. */
export function getCurrentScope(): Scope {
  return store.running.getStore() ?? store.global;
}

/** Runs work in a scope of its own: what it sets stays with it. */
export function withScope<Result>(work: (scope: Scope) => Result): Result {
  const scope = getCurrentScope().clone();
  return store.running.run(scope, () => work(scope));
}
