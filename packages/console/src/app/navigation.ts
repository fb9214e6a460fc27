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
  /** Shows what belongs to the whole installation: who has roles in projects alone does not get there. */
  whole?: true;
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
      { to: '/incidents', label: 'Incidents', icon: 'bad', letter: 'n', whole: true },
      { to: '/alerts', label: 'Alerts', icon: 'alerts', letter: 'a' },
      { to: '/on-call', label: 'On-call', icon: 'on-call', letter: 'c', whole: true },
      { to: '/objectives', label: 'Objectives', icon: 'ok', letter: 'm' },
      { to: '/runbooks', label: 'Runbooks', icon: 'table', letter: 'r', whole: true },
      { to: '/status-page', label: 'Status page', icon: 'zone', letter: 'p', whole: true },
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
      { to: '/database', label: 'Database', icon: 'database', letter: 'd', whole: true },
      { to: '/backups', label: 'Backups', icon: 'backups', letter: 'b', whole: true },
      { to: '/security', label: 'Security', icon: 'security', letter: 'y' },
      { to: '/jobs', label: 'Jobs', icon: 'jobs', letter: 'j', whole: true },
      { to: '/reports', label: 'Reports', icon: 'reports', letter: 'w', whole: true },
      { to: '/scaling', label: 'Scaling', icon: 'expand', letter: 'x', whole: true },
    ],
  },
];

const INBOX: PageLink = { to: '/inbox', label: 'Inbox', icon: 'inbox', letter: 'i', whole: true };
const SETTINGS: PageLink = { to: '/settings', label: 'Settings', icon: 'settings', letter: 's' };

/** What of the pages somebody gets. */
export interface PagesFor {
  demoInbox: boolean;
  /** Whether they have a role for the whole installation. */
  everywhere: boolean;
}

/** The pages that there are, in the order of the rail. */
export function pageGroups({ demoInbox, everywhere }: PagesFor): readonly PageGroup[] {
  return [...GROUPS, { name: null, pages: demoInbox ? [INBOX, SETTINGS] : [SETTINGS] }]
    .map(({ name, pages }) => ({ name, pages: pages.filter(({ whole }) => everywhere || whole !== true) }))
    .filter(({ pages }) => pages.length > 0);
}

/** What somebody wants who was woken: how bad it is, what fires, what is down, what it says. */
const ON_PHONE_BAR: readonly PageLink['to'][] = ['/', '/alerts', '/uptime', '/logs'];

/** The pages of a phone's bar, and those behind its button "More", in their groups. */
export function phonePages(asked: PagesFor): { bar: readonly PageLink[]; more: readonly PageGroup[] } {
  const groups = pageGroups(asked);
  const onBar = ({ to }: PageLink) => ON_PHONE_BAR.includes(to);
  return {
    bar: groups.flatMap(({ pages }) => pages.filter(onBar)),
    more: groups
      .map(({ name, pages }) => ({ name, pages: pages.filter((page) => !onBar(page)) }))
      .filter(({ pages }) => pages.length > 0),
  };
}
