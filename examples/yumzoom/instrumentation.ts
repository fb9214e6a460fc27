export { onRequestError } from '@yumops/node/next';

const LOOK_AT_DATABASE_EVERY_MS = 5 * 60 * 1000;

/** Called once when the server starts. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { register: watch } = await import('@yumops/node/next');
  watch();
  const { SecurityMonitor } = await import('@/lib/security/security-monitor');
  SecurityMonitor.configure({});
  const { initSentry } = await import('@/lib/monitoring/sentry-config');
  initSentry();
  const { DatabaseMonitor } = await import('@/lib/monitoring/database-monitor');
  const monitor = new DatabaseMonitor();
  setInterval(() => monitor.monitorQueryPerformance(), LOOK_AT_DATABASE_EVERY_MS).unref();
}
