import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReleaseItem } from '@yumops/protocol';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, formatPercent, plural, UNKNOWN } from '../../format/number.ts';
import { releasesQuery } from './errors-queries.ts';

/** The newest releases, where they are, and how well they do. */
export function Releases() {
  const query = useQuery(releasesQuery);
  return (
    <QueryView query={query} what="the releases" rows={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No releases yet">
            <p>A release is known by its first event that names it, or before that by</p>
            <Command line="sentry-cli releases new shop@1.2.3" />
          </Empty>
        ) : (
          <Panel title="Releases" note={plural(items.length, 'release')} flush>
            <div className="release-scroll">
              <table className="release-table">
                <thead>
                  <tr>
                    <th scope="col">Release</th>
                    <th scope="col">Deployed to</th>
                    <th scope="col" className="error-figure">
                      Without a crash
                    </th>
                    <th scope="col" className="error-figure">
                      Sessions
                    </th>
                    <th scope="col" className="error-figure">
                      New errors
                    </th>
                    <th scope="col" className="error-figure">
                      Events
                    </th>
                    <th scope="col">Last event</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((release) => (
                    <Row key={`${release.project} ${release.version}`} release={release} />
                  ))}
                </tbody>
              </table>
            </div>
          </Panel>
        )
      }
    </QueryView>
  );
}

function Row({ release }: { release: ReleaseItem }) {
  const places = [...new Map(release.deploys.map((deploy) => [deploy.environment, deploy])).values()];
  return (
    <tr>
      <th scope="row">
        <Link to="/errors" search={{ release: release.version }}>
          {release.version}
        </Link>
      </th>
      <td>
        {places.length === 0
          ? 'no deploy noted'
          : places.map(({ environment, at }) => (
              <span key={environment} className="release-place">
                {environment} <When at={at} />
              </span>
            ))}
      </td>
      <td className="error-figure figures">
        {release.crashFreeSessions === null ? UNKNOWN : formatPercent(release.crashFreeSessions)}
      </td>
      <td className="error-figure figures">{formatCount(release.sessions)}</td>
      <td className="error-figure figures">{formatCount(release.newIssues)}</td>
      <td className="error-figure figures">{formatCount(release.events)}</td>
      <td className="quiet">{release.lastSeen === null ? 'none' : <When at={release.lastSeen} />}</td>
    </tr>
  );
}
