import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { signOut } from '../api/session.ts';

/** Ends the session, forgets all that was read and goes to the way in. */
export function useSignOut(): () => Promise<void> {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return async () => {
    await signOut();
    await navigate({ to: '/sign-in' });
    queryClient.clear();
  };
}
