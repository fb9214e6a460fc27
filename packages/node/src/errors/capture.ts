import { logger as appLogger } from '../logging/default-logger.ts';
import { randomHex } from '../middleware/trace-context.ts';
import type { CaptureContext, GivenEvent, Hint } from './client.ts';
import { closeClient, currentClient } from './current.ts';
import type { Integration } from './integrations.ts';
import { type Breadcrumb, getCurrentScope, type SeverityLevel, type User } from './scope.ts';

/** Sends what was thrown. @returns the event's id; empty before `init` */
export function captureException(thrown: unknown, context?: CaptureContext): string {
  return currentClient()?.captureException(thrown, context) ?? '';
}

/** Sends a message as an event. @returns the event's id; empty before `init` */
export function captureMessage(message: string, context?: SeverityLevel | CaptureContext): string {
  const { level = getCurrentScope().level ?? 'info', ...rest } =
    typeof context === 'string' ? { level: context } : (context ?? {});
  return currentClient()?.captureMessage(message, level, rest) ?? '';
}

/** Sends an event that was put together by hand. @returns its id; empty before `init` */
export function captureEvent(event: GivenEvent, hint?: Hint): string {
  return currentClient()?.captureEvent(event, hint) ?? '';
}

/** Adds a part to the client; before `init` it does nothing. */
export function addIntegration(integration: Integration): void {
  currentClient()?.addIntegration(integration);
}

export function addBreadcrumb(breadcrumb: Breadcrumb): void {
  getCurrentScope().addBreadcrumb(breadcrumb);
}

export function setUser(user: User | null): void {
  getCurrentScope().setUser(user);
}

export function setTag(name: string, value: unknown): void {
  getCurrentScope().setTag(name, value);
}

export function setTags(tags: Record<string, unknown>): void {
  getCurrentScope().setTags(tags);
}

export function setExtra(name: string, value: unknown): void {
  getCurrentScope().setExtra(name, value);
}

export function setExtras(extras: Record<string, unknown>): void {
  getCurrentScope().setExtras(extras);
}

export function setContext(name: string, context: Record<string, unknown> | null): void {
  getCurrentScope().setContext(name, context);
}

/** The id of the event captured last. */
export function lastEventId(): string | undefined {
  return currentClient()?.lastEventId;
}

/** Wraps a function: what it throws is sent and thrown on. */
export function wrap<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    try {
      const result = work(...args);
      if (result instanceof Promise) {
        result.catch((error) => captureException(error));
      }
      return result;
    } catch (error) {
      captureException(error);
      throw error;
    }
  };
}

/** Waits until everything has left. @returns false when `timeoutMs` (default 2 s) was too short */
export async function flush(timeoutMs = 2_000): Promise<boolean> {
  currentClient()?.sessions?.flush();
  return (await currentClient()?.sender.flush(timeoutMs)) ?? true;
}

/** As {@link flush}; nothing is sent from then on. */
export function close(timeoutMs = 2_000): Promise<boolean> {
  return closeClient(timeoutMs);
}

export interface CheckIn {
  monitorSlug: string;
  status: 'in_progress' | 'ok' | 'error';
  checkInId?: string;
  /** Seconds. */
  duration?: number;
}

export interface MonitorConfig {
  schedule: { type: 'crontab'; value: string } | { type: 'interval'; value: number; unit: string };
  /** Minutes. */
  checkinMargin?: number;
  /** Minutes. */
  maxRuntime?: number;
  timezone?: string;
}

/** Tells of a run of a job. @returns the id under which the run is closed */
export function captureCheckIn(checkIn: CheckIn, monitor?: MonitorConfig): string {
  const id = checkIn.checkInId ?? randomHex(16);
  const client = currentClient();
  const { monitorSlug, status, duration } = checkIn;
  const monitor_config = monitor && {
    schedule: monitor.schedule,
    checkin_margin: monitor.checkinMargin,
    max_runtime: monitor.maxRuntime,
    timezone: monitor.timezone,
  };
  const { environment, release } = client?.options ?? {};
  const payload = {
    check_in_id: id,
    monitor_slug: monitorSlug,
    status,
    duration,
    environment,
    release,
    monitor_config,
  };
  client?.sendItem('check_in', payload, 'monitor');
  return id;
}

/** Runs a job between two check-ins. */
export async function withMonitor<Result>(
  slug: string,
  work: () => Result | Promise<Result>,
  monitor?: MonitorConfig,
): Promise<Result> {
  const checkInId = captureCheckIn({ monitorSlug: slug, status: 'in_progress' }, monitor);
  const started = performance.now();
  const end = (status: 'ok' | 'error') =>
    captureCheckIn({ checkInId, monitorSlug: slug, status, duration: (performance.now() - started) / 1000 });
  try {
    const result = await work();
    end('ok');
    return result;
  } catch (error) {
    end('error');
    throw error;
  }
}

/** Sends a user's words. */
export function captureFeedback(words: {
  message: string;
  name?: string;
  email?: string;
  url?: string;
  associatedEventId?: string;
}): string {
  const client = currentClient();
  const id = randomHex(16);
  const { message, name, email, url, associatedEventId } = words;
  const feedback = { message, name, contact_email: email, url, associated_event_id: associatedEventId };
  const { release, environment } = client?.options ?? {};
  const event = {
    event_id: id,
    type: 'feedback',
    timestamp: Date.now() / 1000,
    level: 'info',
    release,
    environment,
    contexts: { feedback },
  };
  client?.sendItem('feedback', event, 'feedback', { event_id: id });
  return id;
}

/** The logger by the names of Sentry's: the same lines as everywhere. */
export const logger = {
  trace: (message: string, fields?: Record<string, unknown>) => appLogger.trace(message, fields),
  debug: (message: string, fields?: Record<string, unknown>) => appLogger.debug(message, fields),
  info: (message: string, fields?: Record<string, unknown>) => appLogger.info(message, fields),
  warn: (message: string, fields?: Record<string, unknown>) => appLogger.warn(message, fields),
  error: (message: string, fields?: Record<string, unknown>) => appLogger.error(message, fields),
  fatal: (message: string, fields?: Record<string, unknown>) => appLogger.fatal(message, fields),
};
