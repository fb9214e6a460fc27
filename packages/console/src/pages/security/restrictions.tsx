import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { RestrictionList } from './restriction-list.tsx';
import { blocksQuery, challengesQuery } from './security-queries.ts';

const route = getRouteApi('/console/security');

/** Who is shut out, and who has to prove more. */
export function Restrictions() {
  const refetchInterval = useLiveInterval();
  const blocks = useQuery({ ...blocksQuery, refetchInterval });
  const challenges = useQuery({ ...challengesQuery, refetchInterval });
  const mayChange = useQuery(meQuery).data?.role !== 'viewer';
  const navigate = route.useNavigate();
  return (
    <div className="security-lists">
      <QueryView query={blocks} what="the blocks" rows={4}>
        {({ items }) => (
          <RestrictionList
            title="Shut out"
            what="blocks"
            items={items}
            none="Nobody is shut out"
            actions={
              mayChange && (
                <Button onClick={() => void navigate({ search: (old) => ({ ...old, do: 'block' }) })}>Block</Button>
              )
            }
          />
        )}
      </QueryView>
      <QueryView query={challenges} what="the challenges" rows={2}>
        {({ items }) => (
          <RestrictionList title="Asked for more" what="challenges" items={items} none="Nobody is challenged" />
        )}
      </QueryView>
    </div>
  );
}
