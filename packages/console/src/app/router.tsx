import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  retainSearchParams,
} from '@tanstack/react-router';
import {
  alertQuery,
  alertsQuery,
  inboxQuery,
  jobsQuery,
  monitorQuery,
  monitorsQuery,
  onCallNowQuery,
  overviewQuery,
  ruleQuery,
} from '../api/queries.ts';
import { Failure, Loading } from '../components/notice.tsx';
import { NotFound } from './not-found.tsx';
import { parseSearch, pick, stringifySearch } from './search-params.ts';
import { Shell } from './shell.tsx';

const RANGE = ['range', 'from', 'to'] as const;

/** What loaders may use: they begin to read while the page's code is still on its way, and wait for nothing. */
interface RouterContext {
  queryClient: QueryClient;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFound });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search) => pick(search, ['return', 'refused']),
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

interface ProjectSearch {
  /** Digits; left out = all that one reaches. */
  project?: string | undefined;
}

const consoleRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'console',
  // Whatever page one goes to, the project stays.
  validateSearch: (search): ProjectSearch => pick(search, ['project']),
  search: { middlewares: [retainSearchParams<ProjectSearch>(['project'])] },
  component: Shell,
});

const overviewRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/',
  loader: ({ context }) => void context.queryClient.prefetchQuery(overviewQuery),
  component: lazyRouteComponent(() => import('../pages/overview/overview-page.tsx'), 'OverviewPage'),
});

const alertsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/alerts',
  loader: ({ context }) => void context.queryClient.prefetchQuery(alertsQuery('firing')),
  validateSearch: (search) => pick(search, [...RANGE, 'view', 'alert', 'rule', 'do', 'matchers']),
  component: lazyRouteComponent(() => import('../pages/alerts/alerts-page.tsx'), 'AlertsPage'),
});

const alertRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/alerts/$id',
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(alertQuery(params.id)),
  component: lazyRouteComponent(() => import('../pages/alerts/alert-page.tsx'), 'AlertPage'),
});

const ruleRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/alerts/rules/$name',
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(ruleQuery(params.name)),
  validateSearch: (search) => pick(search, ['labels']),
  component: lazyRouteComponent(() => import('../pages/alerts/rule-page.tsx'), 'RulePage'),
});

const incidentsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/incidents',
  validateSearch: (search) => pick(search, ['view', 'do', 'alert']),
  component: lazyRouteComponent(() => import('../pages/incidents/incidents-page.tsx'), 'IncidentsPage'),
});

const incidentRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/incidents/$id',
  validateSearch: (search) => pick(search, ['view', 'kind', 'evidence', 'do', 'to']),
  component: lazyRouteComponent(() => import('../pages/incidents/incident-page.tsx'), 'IncidentPage'),
});

const runbooksRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/runbooks',
  validateSearch: (search) => pick(search, ['view', 'runbook', 'run', 'do']),
  component: lazyRouteComponent(() => import('../pages/runbooks/runbooks-page.tsx'), 'RunbooksPage'),
});

const statusPageRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/status-page',
  validateSearch: (search) => pick(search, ['post', 'do']),
  component: lazyRouteComponent(() => import('../pages/status-page/status-page.tsx'), 'StatusPage'),
});

const onCallRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/on-call',
  loader: ({ context }) => void context.queryClient.prefetchQuery(onCallNowQuery),
  validateSearch: (search) => pick(search, ['span', 'day', 'view', 'at', 'do', 'schedule', 'start', 'end']),
  component: lazyRouteComponent(() => import('../pages/on-call/on-call-page.tsx'), 'OnCallPage'),
});

const objectivesRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/objectives',
  validateSearch: (search) => pick(search, ['slo', 'target', 'window']),
  component: lazyRouteComponent(() => import('../pages/objectives/objectives-page.tsx'), 'ObjectivesPage'),
});

const uptimeRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/uptime',
  loader: ({ context }) => void context.queryClient.prefetchQuery(monitorsQuery),
  validateSearch: (search) => pick(search, [...RANGE, 'view', 'monitor', 'do', 'kind']),
  component: lazyRouteComponent(() => import('../pages/uptime/uptime-page.tsx'), 'UptimePage'),
});

const monitorRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/uptime/$id',
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(monitorQuery(params.id)),
  validateSearch: (search) => pick(search, [...RANGE, 'do']),
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

const databaseRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/database',
  validateSearch: (search) => pick(search, ['db', 'view', 'span', 'by', 'query', 'text', 'session', 'run']),
  component: lazyRouteComponent(() => import('../pages/database/database-page.tsx'), 'DatabasePage'),
});

const backupsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/backups',
  validateSearch: (search) => pick(search, [...RANGE, 'backup', 'restore', 'of', 'place', 'do', 'plan']),
  component: lazyRouteComponent(() => import('../pages/backups/backups-page.tsx'), 'BackupsPage'),
});

const securityRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/security',
  validateSearch: (search) =>
    pick(search, [
      ...RANGE,
      'view',
      'detection',
      'ip',
      'network',
      'account',
      'do',
      'value',
      'finding',
      'state',
      'scan',
    ]),
  component: lazyRouteComponent(() => import('../pages/security/security-page.tsx'), 'SecurityPage'),
  staticData: { range: true },
});

const jobsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/jobs',
  loader: ({ context }) => void context.queryClient.prefetchQuery(jobsQuery),
  validateSearch: (search) => pick(search, [...RANGE, 'job', 'run']),
  component: lazyRouteComponent(() => import('../pages/jobs/jobs-page.tsx'), 'JobsPage'),
});

const reportsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/reports',
  validateSearch: (search) => pick(search, ['do']),
  component: lazyRouteComponent(() => import('../pages/reports/reports-page.tsx'), 'ReportsPage'),
});

const reportRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/reports/$id',
  component: lazyRouteComponent(() => import('../pages/reports/report-page.tsx'), 'ReportPage'),
});

const scalingRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/scaling',
  validateSearch: (search) => pick(search, ['resource', 'figure']),
  component: lazyRouteComponent(() => import('../pages/scaling/scaling-page.tsx'), 'ScalingPage'),
});

const tracesRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/traces',
  validateSearch: (search) => pick(search, [...RANGE, 'service', 'name', 'failed', 'order']),
  component: lazyRouteComponent(() => import('../pages/traces/traces-page.tsx'), 'TracesPage'),
  staticData: { range: true },
});

const traceRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/traces/$id',
  validateSearch: (search) => pick(search, ['span']),
  component: lazyRouteComponent(() => import('../pages/traces/trace-page.tsx'), 'TracePage'),
});

const usersRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/users',
  validateSearch: (search) =>
    pick(search, [...RANGE, 'by', 'route', 'device', 'country', 'release', 'vital', 'before', 'after']),
  component: lazyRouteComponent(() => import('../pages/users/users-page.tsx'), 'UsersPage'),
  staticData: { range: true },
});

const analysesRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/analyses',
  validateSearch: (search) => pick(search, [...RANGE, 'service', 'events', 'within']),
  component: lazyRouteComponent(() => import('../pages/analyses/analyses-page.tsx'), 'AnalysesPage'),
  staticData: { range: true },
});

const errorsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/errors',
  validateSearch: (search) => pick(search, [...RANGE, 'view', 'q', 'sort', 'release', 'picked']),
  component: lazyRouteComponent(() => import('../pages/errors/errors-page.tsx'), 'ErrorsPage'),
  staticData: { range: true },
});

const errorRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/errors/$id',
  validateSearch: (search) => pick(search, [...RANGE, 'event']),
  component: lazyRouteComponent(() => import('../pages/errors/error-page.tsx'), 'ErrorPage'),
  staticData: { range: true },
});

const inboxRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/inbox',
  loader: ({ context }) => void context.queryClient.prefetchQuery(inboxQuery),
  validateSearch: (search) => pick(search, ['message', 'channel']),
  component: lazyRouteComponent(() => import('../pages/inbox/inbox-page.tsx'), 'InboxPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: '/settings',
  validateSearch: (search) => pick(search, ['view', 'action', 'do', 'method']),
  component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  consoleRoute.addChildren([
    overviewRoute,
    alertsRoute,
    alertRoute,
    ruleRoute,
    incidentsRoute,
    incidentRoute,
    runbooksRoute,
    statusPageRoute,
    onCallRoute,
    objectivesRoute,
    uptimeRoute,
    monitorRoute,
    logsRoute,
    logRoute,
    errorsRoute,
    errorRoute,
    tracesRoute,
    traceRoute,
    usersRoute,
    analysesRoute,
    databaseRoute,
    backupsRoute,
    securityRoute,
    jobsRoute,
    reportsRoute,
    reportRoute,
    scalingRoute,
    inboxRoute,
    settingsRoute,
  ]),
]);

/** The pages of the console by address. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreloadStaleTime: 0,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultPendingComponent: () => <Loading what="the page" />,
    defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
  });
}

export type ConsoleRouter = ReturnType<typeof createConsoleRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: ConsoleRouter;
  }
  interface StaticDataRouteOption {
    /** Whether the page shows a range of time that the top bar sets. */
    range?: boolean;
  }
}
