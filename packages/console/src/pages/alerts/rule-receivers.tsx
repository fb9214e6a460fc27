import { useMutation, useQuery } from '@tanstack/react-query';
import type { RuleDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';

type Receiver = RuleDetail['receivers'][number];

interface TestAnswer {
  outcome: 'sent' | 'retry' | 'refused';
  answer: string;
  tookMs: number;
}

/** Whom the rule tells, each with a test that goes the real way. */
export function RuleReceivers({ rule }: { rule: RuleDetail }) {
  const mayTest = useQuery(meQuery).data?.role === 'admin';
  return (
    <Panel title="Whom it tells" {...(rule.escalation === null ? {} : { note: `policy ${rule.escalation}` })} flush>
      {rule.receivers.length === 0 ? (
        <p className="alert-none">Nobody directly; its escalation policy says who is told.</p>
      ) : (
        <ul>
          {rule.receivers.map((receiver) => (
            <ReceiverRow key={`${receiver.channel} ${receiver.target}`} receiver={receiver} mayTest={mayTest} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ReceiverRow({ receiver, mayTest }: { receiver: Receiver; mayTest: boolean }) {
  const { channel, target, broken } = receiver;
  const test = useMutation({
    mutationFn: () => post<TestAnswer>('/api/v1/notifications/test', { channel, target }),
  });
  return (
    <li className="receiver-row">
      <span>
        {channel} <span className="quiet">{target}</span>
      </span>
      <span role="status">
        {broken !== null && <State tone="warn" word={broken} />}
        {test.data !== undefined && (
          <State
            tone={test.data.outcome === 'sent' ? 'ok' : 'bad'}
            word={`${test.data.outcome === 'sent' ? 'Sent' : 'Not sent'}: ${test.data.answer} (${test.data.tookMs} ms)`}
          />
        )}
        {test.error !== null && <State tone="bad" word={test.error.message} />}
      </span>
      {mayTest && broken === null && (
        <Button disabled={test.isPending} onClick={() => test.mutate()}>
          Send a test
        </Button>
      )}
    </li>
  );
}
