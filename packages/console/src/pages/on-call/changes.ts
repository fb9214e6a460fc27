import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

const route = getRouteApi('/console/on-call');

/** A change of who is on call; what has been read about it is read again. */
export function useOnCallChange<Input, Answer>(change: (input: Input) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['on-call'] }),
  });
}

/** Closes the form that the address has open. */
export function useCloseForm(): () => void {
  const navigate = route.useNavigate();
  return () =>
    void navigate({
      search: (old) => ({ ...old, do: undefined, schedule: undefined, start: undefined, end: undefined }),
    });
}
