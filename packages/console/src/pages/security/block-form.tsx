import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { SecurityBlock } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';

/** Shuts an address or a network out by hand. */
export function BlockForm({ value, close }: { value: string; close(): void }) {
  const queryClient = useQueryClient();
  const block = useMutation({
    mutationFn: (body: object) => post<SecurityBlock>('/api/v1/security/blocks', body),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['security'] });
      close();
    },
  });
  const submit = (data: FormData) => {
    const text = String(data.get('value')).trim();
    const kind = text.includes('|') ? 'pair' : text.includes('/') ? 'network' : 'ip';
    block.mutate({ kind, value: text, why: String(data.get('why')), for: String(data.get('for')) });
  };
  return (
    <Form
      title="Shut somebody out"
      verb="Block"
      error={block.error}
      busy={block.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Address or network</span>
        <input className="input mono" name="value" defaultValue={value} placeholder="203.0.113.0/24" required />
      </label>
      <label className="field">
        <span className="field-label">For how long</span>
        <input className="input" name="for" defaultValue="1h" required />
      </label>
      <label className="field">
        <span className="field-label">Why</span>
        <input className="input" name="why" required placeholder="Seen in another log" />
      </label>
    </Form>
  );
}
