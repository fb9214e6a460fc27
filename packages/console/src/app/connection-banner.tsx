import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useConnection } from '../api/connection.ts';
import { instanceQuery } from '../api/queries.ts';
import { Icon } from '../components/icon.tsx';
import { When } from '../components/when.tsx';
import './connection-banner.css';

const RETRY = 5_000;

/** Says that the server does not answer, how old the page is, and asks again until it does. */
export function ConnectionBanner() {
  const connection = useConnection();
  const queryClient = useQueryClient();
  const lost = connection.state === 'lost';
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => {
      void queryClient.fetchQuery({ ...instanceQuery, staleTime: 0, retry: false }).then(
        () => queryClient.invalidateQueries(),
        () => undefined,
      );
    }, RETRY);
    return () => clearInterval(timer);
  }, [lost, queryClient]);
  return (
    <div className="connection" role="status">
      {lost && (
        <p className="connection-lost">
          <Icon name="warn" />
          <span>
            Connection lost. What you see is from <When at={connection.since} />. Trying again every {RETRY / 1000} s.
          </span>
        </p>
      )}
    </div>
  );
}
