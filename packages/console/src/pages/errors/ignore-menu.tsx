import { Button as AriaButton } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { useNow } from '../../time/now.ts';
import type { Change } from './decide.tsx';

const HOUR = 3_600_000;

/** Ends of an ignored error, as the API takes them. */
const ENDS: readonly { id: string; label: string; body(now: number): object }[] = [
  { id: 'hour', label: 'For an hour', body: (now) => ({ until: new Date(now + HOUR).toISOString() }) },
  { id: 'day', label: 'For a day', body: (now) => ({ until: new Date(now + 24 * HOUR).toISOString() }) },
  { id: 'week', label: 'For a week', body: (now) => ({ until: new Date(now + 168 * HOUR).toISOString() }) },
  { id: 'events', label: 'Until 100 more events', body: () => ({ count: 100 }) },
  { id: 'people', label: 'Until 10 more people', body: () => ({ users: 10 }) },
  { id: 'good', label: 'For good', body: () => ({}) },
];

/** Keeps an error out of the list until something happens. */
export function IgnoreMenu({ disabled, onChoose }: { disabled: boolean; onChoose(change: Change): void }) {
  const now = useNow();
  return (
    <MenuTrigger>
      <AriaButton className="button" isDisabled={disabled}>
        Ignore…
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="user-menu"
          aria-label="Ignore"
          onAction={(key) => {
            const end = ENDS.find(({ id }) => id === key);
            if (end) onChoose({ action: 'ignore', ...end.body(now) });
          }}
        >
          {ENDS.map(({ id, label }) => (
            <MenuItem key={id} id={id} className="menu-item">
              {label}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
