import type { IconName } from '../components/icon.tsx';

export interface PageLink {
  to:
    | '/'
    | '/incidents'
    | '/runbooks'
    | '/status-page'
    | '/alerts'
    | '/on-call'
    | '/objectives'
    | '/uptime'
    | '/logs'
    | '/traces'
    | '/errors'
    | '/users'
    | '/analyses'
    | '/database'
    | '/backups'
    | '/security'
    | '/jobs'
    | '/reports'
    | '/scaling'
    | '/inbox'
    | '/settings';
  label: string;
  icon: IconName;
  /** Goes here after `g`. */
  letter: string;
}

export interface PageGroup {
  /** One of the product's wings; null for pages that belong to none. */
  name: 'Respond' | 'Observe' | 'Care' | null;
  pages: readonly PageLink[];
}

const GROUPS: readonly PageGroup[] = [
  { name: null, pages: [{ to: '/', label: 'Overview', icon: 'overview', letter: 'o' }] },
  {
    name: 'Respond',
    pages: [
      { to: '/incidents', label: 'Incidents', icon: 'bad', letter: 'n' },
      { to: '/alerts', label: 'Alerts', icon: 'alerts', letter: 'a' },
      { to: '/on-call', label: 'On-call', icon: 'on-call', letter: 'c' },
      { to: '/objectives', label: 'Objectives', icon: 'ok', letter: 'm' },
      { to: '/runbooks', label: 'Runbooks', icon: 'table', letter: 'r' },
      { to: '/status-page', label: 'Status page', icon: 'zone', letter: 'p' },
    ],
  },
  {
    name: 'Observe',
    pages: [
      { to: '/uptime', label: 'Uptime', icon: 'uptime', letter: 'u' },
      { to: '/logs', label: 'Logs', icon: 'logs', letter: 'l' },
      { to: '/traces', label: 'Traces', icon: 'traces', letter: 't' },
      { to: '/errors', label: 'Errors', icon: 'errors', letter: 'e' },
      { to: '/users', label: 'Users', icon: 'users', letter: 'v' },
      { to: '/analyses', label: 'Analyses', icon: 'chart', letter: 'f' },
    ],
  },
  {
    name: 'Care',
    pages: [
      { to: '/database', label: 'Database', icon: 'database', letter: 'd' },
      { to: '/backups', label: 'Backups', icon: 'backups', letter: 'b' },
      { to: '/security', label: 'Security', icon: 'security', letter: 'y' },
      { to: '/jobs', label: 'Jobs', icon: 'jobs', letter: 'j' },
      { to: '/reports', label: 'Reports', icon: 'reports', letter: 'w' },
      { to: '/scaling', label: 'Scaling', icon: 'expand', letter: 'x' },
    ],
  },
];

const INBOX: PageLink = { to: '/inbox', label: 'Inbox', icon: 'inbox', letter: 'i' };
const SETTINGS: PageLink = { to: '/settings', label: 'Settings', icon: 'settings', letter: 's' };

/** The pages that there are, in the order of the rail. */
export function pageGroups(demoInbox: boolean): readonly PageGroup[] {
  return [...GROUPS, { name: null, pages: demoInbox ? [INBOX, SETTINGS] : [SETTINGS] }];
}

/** What somebody wants who was woken: how bad it is, what fires, what is down, what it says. */
const ON_PHONE_BAR: readonly PageLink['to'][] = ['/', '/alerts', '/uptime', '/logs'];

/** The pages of a phone's bar, and those behind its button "More", in their groups. */
export function phonePages(demoInbox: boolean): { bar: readonly PageLink[]; more: readonly PageGroup[] } {
  const groups = pageGroups(demoInbox);
  const onBar = ({ to }: PageLink) => ON_PHONE_BAR.includes(to);
  return {
    bar: groups.flatMap(({ pages }) => pages.filter(onBar)),
    more: groups
      .map(({ name, pages }) => ({ name, pages: pages.filter((page) => !onBar(page)) }))
      .filter(({ pages }) => pages.length > 0),
  };
}
