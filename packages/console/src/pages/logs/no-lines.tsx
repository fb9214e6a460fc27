import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { usePageTime } from '../../time/page-time.tsx';
import { zoomOut } from '../../time/range.ts';

/** What to do when a search found nothing. */
export function NoLines({ q }: { q: string }) {
  const { span, setRange } = usePageTime();
  return (
    <Empty title={q === '' ? 'No log lines in this range' : 'No line matches'}>
      <p>
        {q === ''
          ? 'Lines appear here within seconds of being sent. To see whether any arrive:'
          : 'Look further back, or take a term away.'}
      </p>
      {q === '' ? (
        <Command line="yumops logs --follow" />
      ) : (
        <Button icon="zoom-out" onClick={() => setRange(zoomOut(span, Date.now()))}>
          Twice as long a range
        </Button>
      )}
    </Empty>
  );
}
