// An application that uses the SDK of this repository by Sentry's names.
const { SDK_ENTRY, RUN, SECRET, END } = process.env;
const Sentry = await import(SDK_ENTRY);

Sentry.initSentry({
  release: `own@1.0.0-${RUN}`,
  tracesSampleRate: 1,
  beforeSend: (event) => (event.tags?.dropped ? null : event),
});
Sentry.setUser({ id: `user-${RUN}` });
Sentry.addBreadcrumb({ category: 'cart', message: `added ${RUN}`, data: { password: SECRET } });

function charge() {
  throw Object.assign(new TypeError(`cannot charge ${RUN}`, { cause: new Error(`bank ${RUN}`) }), { code: 'E_BANK' });
}

await Sentry.trackPerformance(`checkout ${RUN}`, async () => {
  await Sentry.startSpan(
    { name: `query ${RUN}`, op: 'db.query' },
    () => new Promise((resolve) => setTimeout(resolve, 30)),
  );
  charge();
}).catch(() => undefined);
Sentry.withScope((scope) => {
  scope.setTag('dropped', 'yes');
  Sentry.captureMessage(`kept back ${RUN}`);
});
Sentry.captureMessage(`noise ${RUN}: ResizeObserver loop limit exceeded`);
await Sentry.withMonitor(`job-${RUN}`, async () => 1, { schedule: { type: 'interval', value: 1, unit: 'hour' } });
Sentry.captureFeedback({ message: `words ${RUN}`, name: 'Bo' });

if (END === 'throw') {
  setTimeout(() => {
    throw new Error(`nobody caught ${RUN}`);
  }, 1);
} else {
  await Sentry.flush(5_000);
}
