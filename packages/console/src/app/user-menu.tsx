import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { meQuery } from '../api/queries.ts';
import { Icon } from '../components/icon.tsx';
import { useSignOut } from '../components/use-sign-out.ts';
import { grantsText } from '../format/grants.ts';
import { setTheme, THEMES, type Theme, useTheme } from '../theme/theme.ts';
import './user-menu.css';

const THEME_NAMES: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Opens at once: it is put on the page by the click that asks for it. */
export default function UserMenu({ openKeys }: { openKeys(): void }) {
  const me = useQuery(meQuery).data;
  const theme = useTheme();
  const navigate = useNavigate();
  const leave = useSignOut();
  return (
    <MenuTrigger defaultOpen>
      <Button className="icon-button" aria-label="Account">
        <Icon name="user" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="user-menu" aria-label="Account">
          <MenuSection aria-label="Signed in">
            <Header className="user-menu-who">
              <span className="truncate">{me?.email ?? 'unknown'}</span>
              <span className="quiet">{me === undefined ? '' : grantsText(me)}</span>
            </Header>
            <MenuItem className="menu-item" onAction={() => navigate({ to: '/settings' })}>
              <Icon name="settings" />
              Settings
            </MenuItem>
            <MenuItem className="menu-item" onAction={openKeys}>
              <Icon name="keyboard" />
              Keyboard shortcuts
            </MenuItem>
          </MenuSection>
          <MenuSection
            aria-label="Theme"
            className="user-menu-section"
            selectionMode="single"
            selectedKeys={[theme]}
            disallowEmptySelection
          >
            <Header className="user-menu-heading">Theme</Header>
            {THEMES.map((each) => (
              <MenuItem key={each} id={each} className="menu-item menu-choice" onAction={() => setTheme(each)}>
                <Icon name="ok" />
                {THEME_NAMES[each]}
              </MenuItem>
            ))}
          </MenuSection>
          <MenuSection aria-label="Session" className="user-menu-section">
            <MenuItem className="menu-item" onAction={() => void leave()}>
              <Icon name="sign-out" />
              Sign out
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
