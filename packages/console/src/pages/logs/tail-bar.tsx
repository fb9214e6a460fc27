import { Button } from '../../components/button.tsx';
import { State } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';
import type { Tail } from './live-tail.ts';

/** State of the live tail: following, waiting for the reader, or cut off. */
export function TailBar({ tail, paused, resume }: { tail: Tail; paused: boolean; resume(): void }) {
  return (
    <div className="tail-bar">
      <TailState tail={tail} paused={paused} />
      {tail.dropped > 0 && <State tone="warn" word={`${plural(tail.dropped, 'line')} dropped`} />}
      {tail.waiting > 0 && (
        <Button icon="play" onClick={resume}>
          Show {plural(tail.waiting, 'new line')}
        </Button>
      )}
    </div>
  );
}

function TailState({ tail, paused }: { tail: Tail; paused: boolean }) {
  if (tail.state === 'lost') return <State tone="warn" word="Cut off, connecting again" />;
  if (tail.state === 'connecting') return <State tone="none" word="Connecting" />;
  if (paused) return <State tone="none" icon="pause" word="Waiting while you read" />;
  return <State tone="ok" icon="play" word="Following" />;
}
