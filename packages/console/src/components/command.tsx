import { CopyButton } from './copy-button.tsx';
import './command.css';

/** A line to copy: a command, or what else `what` names. Where it is too long for one line, its words stay whole. */
export function Command({ line, what = 'command' }: { line: string; what?: string }) {
  // The separators are kept, so that what is marked and copied by hand is the line itself.
  const parts = line.split(/(\s+)/).map((text, index) => ({ text, key: `${index} ${text}`, isWord: index % 2 === 0 }));
  return (
    <span className="command">
      <code>
        {parts.map(({ text, key, isWord }) =>
          isWord ? (
            <span key={key} className="command-word">
              {text}
            </span>
          ) : (
            text
          ),
        )}
      </code>
      <CopyButton text={line} label={`Copy the ${what}`} />
    </span>
  );
}
