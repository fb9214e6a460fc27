import { split } from '../bridges/arguments.ts';
import { type ConsoleMethod, watchConsole } from '../bridges/watch-console.ts';
import { shared } from '../runtime/shared.ts';
import type { ErrorClient, ErrorEvent, Hint } from './client.ts';
import { getCurrentScope } from './scope.ts';

/** A part of an SDK, by its name, or one of the application's own. */
export interface Integration {
  name: string;
  /** Called once in a process. */
  setupOnce?(): void;
  setup?(client: ErrorClient): void;
  /** May change an event, or return null to keep it back. */
  processEvent?(event: ErrorEvent, hint: Hint, client: ErrorClient): ErrorEvent | null;
}

/** As `init` takes them: a list, or what makes one of those that are there without being asked for, which here have no names. */
export type Integrations = readonly Integration[] | ((defaults: Integration[]) => Integration[]);

export const getDefaultIntegrations = (_options?: object): Integration[] => [];

const begun = shared('integrations', () => new Set<string>());

/** Begins an integration. What it throws costs only itself. @returns false for what is none */
export function beginIntegration(integration: Integration, client: ErrorClient): boolean {
  if (typeof integration?.name !== 'string') {
    return false;
  }
  try {
    if (!begun.has(integration.name)) {
      begun.add(integration.name);
      integration.setupOnce?.();
    }
    integration.setup?.(client);
  } catch {
    // An application starts without it too.
  }
  return true;
}

/** The list that is meant; none where the application's own function throws. */
export function listOf(integrations: Integrations | undefined): readonly Integration[] {
  try {
    const list = typeof integrations === 'function' ? integrations(getDefaultIntegrations()) : integrations;
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** Accepted, with its options: what it stands for is done without being asked for, or by our own calls of the same framework. */
const done =
  (name: string) =>
  (_options?: object): Integration => ({ name });

export const httpIntegration = done('Http');
export const nativeNodeFetchIntegration = done('NodeFetch');
export const expressIntegration = done('Express');
export const fastifyIntegration = done('Fastify');
export const koaIntegration = done('Koa');
export const honoIntegration = done('Hono');
export const contextLinesIntegration = done('ContextLines');
export const linkedErrorsIntegration = done('LinkedErrors');
export const extraErrorDataIntegration = done('ExtraErrorData');
export const dedupeIntegration = done('Dedupe');
export const inboundFiltersIntegration = done('InboundFilters');
export const eventFiltersIntegration = done('EventFilters');
export const nodeContextIntegration = done('Context');
export const requestDataIntegration = done('RequestData');
export const processSessionIntegration = done('ProcessSession');
export const onUncaughtExceptionIntegration = done('OnUncaughtException');
export const onUnhandledRejectionIntegration = done('OnUnhandledRejection');

/** What is written to the console becomes breadcrumbs of the errors after it. */
export function consoleIntegration({ levels }: { levels?: readonly ConsoleMethod[] } = {}): Integration {
  return {
    name: 'Console',
    setupOnce() {
      watchConsole((method, args) => {
        const { message, fields } = split(args);
        const level = method === 'warn' ? 'warning' : method;
        getCurrentScope().addBreadcrumb({ category: 'console', level, message, data: { ...fields } });
      }, levels);
    },
  };
}
