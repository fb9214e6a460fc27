import { Link, type LinkProps } from '@tanstack/react-router';

export interface ViewsProps {
  page:
    | '/incidents'
    | '/runbooks'
    | '/logs'
    | '/uptime'
    | '/alerts'
    | '/errors'
    | '/database'
    | '/security'
    | '/settings';
  /** The parameter `view` of each; the first view has none. */
  views: readonly { view: string | undefined; label: string }[];
  current: string | undefined;
}

/** The ways to look at a page, each with an address of its own. */
export function Views({ page, views, current }: ViewsProps) {
  return (
    <nav className="views" aria-label="Ways to look">
      {views.map(({ view, label }) => {
        const search: LinkProps['search'] = (old: object) => ({ ...old, view });
        return (
          <Link key={label} from={page} to="." search={search} data-current={view === current} activeOptions={EXACT}>
            {label}
          </Link>
        );
      })}
    </nav>
  );
}

/** Only the very same address counts as the page one is on. */
const EXACT = { exact: true, includeSearch: true, explicitUndefined: true };
