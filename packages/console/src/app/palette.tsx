import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Autocomplete } from 'react-aria-components/Autocomplete';
import { Input } from 'react-aria-components/Input';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { SearchField } from 'react-aria-components/SearchField';
import { monitorsQuery, rulesQuery } from '../api/queries.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { Modal } from '../components/modal.tsx';
import { ScrollRegion } from '../components/scroll-region.tsx';
import { setTheme } from '../theme/theme.ts';
import { setZone } from '../time/zone.ts';
import { pageGroups } from './navigation.ts';
import { usePages } from './use-pages.ts';
import './palette.css';

interface Entry {
  id: string;
  label: string;
  kind: string;
  icon: IconName;
  run(): unknown;
}

/** Goes to any page, monitor or rule and does what needs no page, by typing. */
export default function Palette({ close }: { close(): void }) {
  const entries = useEntries();
  const run = (id: string) => {
    close();
    entries.find((entry) => entry.id === id)?.run();
  };
  return (
    <Modal label="Go to" close={close}>
      <Autocomplete filter={(text, typed) => text.toLowerCase().includes(typed.toLowerCase())}>
        <SearchField className="palette-field" aria-label="Page, monitor, rule or action" autoFocus>
          <Icon name="search" />
          <Input className="palette-input" placeholder="Page, monitor, rule or action" />
        </SearchField>
        <ScrollRegion className="palette-list" label="Results">
          <ListBox
            aria-label="Where to go"
            items={entries}
            onAction={(key) => run(String(key))}
            renderEmptyState={() => <p className="palette-empty">Nothing has this name.</p>}
          >
            {(entry) => (
              <ListBoxItem id={entry.id} className="menu-item" textValue={`${entry.label} ${entry.kind}`}>
                <Icon name={entry.icon} />
                <span className="truncate">{entry.label}</span>
                <span className="palette-kind">{entry.kind}</span>
              </ListBoxItem>
            )}
          </ListBox>
        </ScrollRegion>
      </Autocomplete>
    </Modal>
  );
}

function useEntries(): Entry[] {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const asked = usePages();
  const monitors = useQuery(monitorsQuery).data?.items ?? [];
  const rules = useQuery(rulesQuery).data?.items ?? [];
  const pages = pageGroups(asked).flatMap((group) => group.pages);
  return [
    ...pages.map(
      ({ to, label, icon }): Entry => ({ id: `page ${to}`, label, kind: 'Page', icon, run: () => navigate({ to }) }),
    ),
    ...monitors.map(
      ({ id, name }): Entry => ({
        id: `monitor ${id}`,
        label: name,
        kind: 'Monitor',
        icon: 'uptime',
        run: () => navigate({ to: '/uptime/$id', params: { id } }),
      }),
    ),
    ...rules.map(
      ({ name }): Entry => ({
        id: `rule ${name}`,
        label: name,
        kind: 'Rule',
        icon: 'alerts',
        run: () => navigate({ to: '/alerts', search: { view: 'rules', rule: name } }),
      }),
    ),
    {
      id: 'refresh',
      label: 'Refresh now',
      kind: 'Action',
      icon: 'refresh',
      run: () => queryClient.invalidateQueries(),
    },
    { id: 'light', label: 'Light theme', kind: 'Action', icon: 'light', run: () => setTheme('light') },
    { id: 'dark', label: 'Dark theme', kind: 'Action', icon: 'light', run: () => setTheme('dark') },
    { id: 'utc', label: 'Times in UTC', kind: 'Action', icon: 'zone', run: () => setZone('utc') },
    { id: 'local', label: 'Times in the local zone', kind: 'Action', icon: 'zone', run: () => setZone('local') },
  ];
}
