import { CopyButton } from './copy-button.tsx';
import './command.css';

/** A command line to copy. */
export function Command({ line }: { line: string }) {
  return (
    <span className="command">
      <code>{line}</code>
      <CopyButton text={line} label="Copy the command" />
    </span>
  );
}
