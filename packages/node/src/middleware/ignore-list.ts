/** Paths that are no user's work, with all below them: assets, health checks, framework internals. */
const PATHS = ['/_next', '/.well-known', '/api/health', '/health', '/healthz', '/livez', '/readyz', '/startupz'];
const FILES = /\.(?:js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|txt|xml|webmanifest)$/i;

/** @returns a test for paths that are not logged. @param extra further paths, with all below them, or patterns */
export function ignoreTest(extra: readonly (string | RegExp)[] = []): (path: string) => boolean {
  const paths = [...PATHS, ...extra.filter((entry) => typeof entry === 'string')].map((path) =>
    path.replace(/\/+$/, ''),
  );
  const patterns = [/^\/__nextjs/, ...extra.filter((entry) => entry instanceof RegExp)];
  return (path) => {
    for (const start of paths) {
      if (path.startsWith(start) && (path.length === start.length || path[start.length] === '/')) {
        return true;
      }
    }
    return (path.includes('.') && FILES.test(path)) || patterns.some((pattern) => pattern.test(path));
  };
}
