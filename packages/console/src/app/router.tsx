import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import { Failure, Loading } from '../components/notice.tsx';
import { NotFound } from './not-found.tsx';
import { parseSearch, pick, stringifySearch } from './search-params.ts';
import { Shell } from './shell.tsx';

const RANGE = ['range', 'from', 'to'] as const;

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search) => pick(search, ['return']),
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const consoleRoute = createRoute({ getParentRoute: () => rootRoute, id: 'console', component: Shell });

const overviewRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/overview-page.tsx'), 'OverviewPage'),
});

const alertsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/alerts',
  validateSearch: (search) => pick(search, ['view', 'alert', 'rule']),
  component: lazyRouteComponent(() => import('../pages/alerts/alerts-page.tsx'), 'AlertsPage'),
});

const alertRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('../pages/alerts/alert-page.tsx'), 'AlertPage'),
});

const uptimeRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/uptime',
  validateSearch: (search) => pick(search, ['monitor']),
  component: lazyRouteComponent(() => import('../pages/uptime/uptime-page.tsx'), 'UptimePage'),
});

const monitorRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/uptime/$id',
  component: lazyRouteComponent(() => import('../pages/uptime/monitor-page.tsx'), 'MonitorPage'),
});

const logsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/logs',
  validateSearch: (search) => pick(search, [...RANGE, 'q', 'row', 'tail', 'view', 'sql']),
  component: lazyRouteComponent(() => import('../pages/logs/logs-page.tsx'), 'LogsPage'),
  staticData: { range: true },
});

const logRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/logs/$id',
  component: lazyRouteComponent(() => import('../pages/logs/row-page.tsx'), 'RowPage'),
});

const inboxRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/inbox',
  validateSearch: (search) => pick(search, ['message', 'channel']),
  component: lazyRouteComponent(() => import('../pages/inbox/inbox-page.tsx'), 'InboxPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    consoleRoute.addChildren([
      overviewRoute,
      alertsRoute,
      alertRoute,
      uptimeRoute,
      monitorRoute,
      logsRoute,
      logRoute,
      inboxRoute,
      settingsRoute,
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Whether the page shows a range of time that the top bar sets. */
    range?: boolean;
  }
}
