import { Icon, type IconName } from './icon.tsx';
import './state.css';

/** How a state looks. `none` is calm: no state worth a colour. */
export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'unknown' | 'none';

const ICONS: Record<Tone, IconName> = {
  ok: 'ok',
  warn: 'warn',
  bad: 'bad',
  info: 'info',
  unknown: 'unknown',
  none: 'pending',
};

/** What a state looks like wherever it is shown. */
export interface Look {
  tone: Tone;
  /** The state in a word or two, never left out: colour alone says nothing. */
  word: string;
  /** Left out = that of the tone. */
  icon?: IconName;
}

export interface StateProps extends Look {
  /** `badge` has a background, `plain` stands in a line of text. */
  look?: 'badge' | 'plain';
}

/** A state as icon and word. */
export function State({ tone, word, icon = ICONS[tone], look = 'plain' }: StateProps) {
  return (
    <span className={`state state-${look} tone-${tone}`}>
      <Icon name={icon} />
      <span>{word}</span>
    </span>
  );
}
