import { useState } from 'react';
import { Button, IconButton } from './button.tsx';
import type { IconName } from './icon.tsx';

export interface CopyButtonProps {
  /** What to copy, or how to make it at the moment of the click. */
  text: string | (() => string);
  label: string;
  look?: 'icon' | 'word';
  icon?: IconName;
}

/** Copies text and says so for two seconds. */
export function CopyButton({ text, label, look = 'icon', icon: idle = 'copy' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  const copy = () => {
    const value = typeof text === 'string' ? text : text();
    navigator.clipboard
      .writeText(value)
      .then(
        () => setOutcome('copied'),
        () => setOutcome('failed'),
      )
      .finally(() => setTimeout(() => setOutcome(null), 2000));
  };
  const said = outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'The browser refused to copy' : label;
  const icon = outcome === 'copied' ? 'ok' : outcome === 'failed' ? 'bad' : idle;
  return (
    <>
      {look === 'word' ? (
        <Button icon={icon} onClick={copy}>
          {said}
        </Button>
      ) : (
        <IconButton icon={icon} label={said} onClick={copy} />
      )}
      <span className="visually-hidden" role="status">
        {outcome === null ? '' : said}
      </span>
    </>
  );
}
