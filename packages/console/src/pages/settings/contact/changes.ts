import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ContactMethod } from '@yumops/protocol';

const route = getRouteApi('/console/settings');

/** A change of how one is reached; what has been read about it is read again. */
export function useContactChange<Input, Answer>(change: (input: Input) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['on-call'] }),
  });
}

/** Opens and closes the forms, whose state is in the address. */
export function useContactForms() {
  const navigate = route.useNavigate();
  const open = (form?: string, method?: string) =>
    void navigate({ search: { view: 'contact', ...(form && { do: form }), ...(method && { method }) } });
  return {
    add: () => open('address'),
    confirm: (method: Pick<ContactMethod, 'channel' | 'address'>) => open('confirm', methodKey(method)),
    close: () => open(),
  };
}

/** Names a method in the address of the page. */
export function methodKey({ channel, address }: Pick<ContactMethod, 'channel' | 'address'>): string {
  return `${channel}/${address}`;
}
