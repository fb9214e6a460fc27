import { CopyButton } from './copy-button.tsx';
import './command.css';

/** A line to copy: a command, or what else `what` names. */
export function Command({ line, what = 'command' }: { line: string; what?: string }) {
  return (
    <span className="command">
      <code>{line}</code>
      <CopyButton text={line} label={`Copy the ${what}`} />
    </span>
  );
}
