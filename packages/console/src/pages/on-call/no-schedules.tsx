import { Command } from '../../components/command.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';

const START = `people:
  - {name: ada, email: ada@example.com, phone: "+442071838750"}
  - {name: grace, email: grace@example.com, phone: "+12025550143"}

schedules:
  - name: primary
    time_zone: Europe/London
    layers:
      - people: [ada, grace]
        start: 2026-03-22T09:00
        every: {weeks: 1}
`;

/** What schedules are for, and the lines to begin with. */
export function NoSchedules() {
  return (
    <Panel title="Schedules" actions={<CopyButton text={START} label="Copy the example" look="word" />}>
      <Empty title="No schedules yet">
        A schedule says whose turn it is to be called. Who is on call, who is next and every gap will be here. Put this
        into <code>yumops.yml</code> with your own names, and name the schedule in an escalation policy, as in{' '}
        <code>schedule: primary</code>. Then check the file: <Command line="yumops check" />
      </Empty>
      <ScrollRegion className="starter" label="Example of a schedule">
        <pre>{START}</pre>
      </ScrollRegion>
    </Panel>
  );
}
