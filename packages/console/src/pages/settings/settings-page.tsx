import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { instanceQuery, meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { setShortcuts, useShortcutsEnabled } from '../../components/shortcuts.ts';
import { useSignOut } from '../../components/use-sign-out.ts';
import { Views } from '../../components/views.tsx';
import { grantsText } from '../../format/grants.ts';
import { setTheme, THEMES, useTheme } from '../../theme/theme.ts';
import { setZone, useZone, ZONES, zoneChoice } from '../../time/zone.ts';
import { AuditLog } from './audit-log.tsx';
import { Contact } from './contact/contact.tsx';
import { IngestKeys } from './ingest-keys.tsx';
import { Passkeys } from './passkeys.tsx';
import { Password } from './password-form.tsx';
import { People } from './people.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Sessions } from './sessions.tsx';
import { Tokens } from './tokens.tsx';
import './settings.css';

const route = getRouteApi('/console/settings');

/** What a person can set for themselves, and who may do what, for administrators. */
export function SettingsPage() {
  const { view } = route.useSearch();
  const administers = useQuery(meQuery).data?.role === 'admin';
  return (
    <Page title="Settings">
      <Views page="/settings" views={administers ? [...OWN, ...OTHERS] : OWN} current={view} />
      <View view={administers || view === 'contact' ? view : undefined} />
    </Page>
  );
}

const OWN = [
  { view: undefined, label: 'You' },
  { view: 'contact', label: 'My contact methods' },
] as const;

const OTHERS = [
  { view: 'people', label: 'People' },
  { view: 'tokens', label: 'Tokens' },
  { view: 'keys', label: 'Ingest keys' },
  { view: 'audit', label: 'Audit log' },
] as const;

function View({ view }: { view: string | undefined }) {
  switch (view) {
    case 'contact':
      return <Contact />;
    case 'people':
      return <People />;
    case 'tokens':
      return <Tokens />;
    case 'keys':
      return <IngestKeys />;
    case 'audit':
      return <AuditLog />;
    default:
      return (
        <div className="settings">
          <Account />
          <Password />
          <Passkeys />
          <SecondFactor />
          <ThisBrowser />
          <Sessions />
        </div>
      );
  }
}

function Account() {
  const me = useQuery(meQuery);
  const instance = useQuery(instanceQuery).data;
  const leave = useSignOut();
  return (
    <Panel
      title="Account"
      actions={
        <Button icon="sign-out" onClick={() => void leave()}>
          Sign out
        </Button>
      }
    >
      <QueryView query={me} what="your account" rows={3}>
        {({ email, name, ...grants }) => (
          <dl className="facts">
            <dt>Name</dt>
            <dd>{name}</dd>
            <dt>E-mail</dt>
            <dd>{email}</dd>
            <dt>Role</dt>
            <dd>{grantsText(grants)}</dd>
            <dt>Version</dt>
            <dd>{instance === undefined ? 'unknown' : `YumOps ${instance.version}`}</dd>
          </dl>
        )}
      </QueryView>
    </Panel>
  );
}

function ThisBrowser() {
  const theme = useTheme();
  const zone = useZone();
  const shortcuts = useShortcutsEnabled();
  return (
    <Panel title="This browser">
      <div className="settings-choices">
        <Choice
          label="Theme"
          value={theme}
          options={THEMES.map((value) => ({
            value,
            label: value === 'system' ? 'As the system' : value === 'light' ? 'Light' : 'Dark',
          }))}
          onChange={setTheme}
        />
        <Choice
          label="Times"
          value={zone}
          options={ZONES.map((value) => ({ value, label: zoneChoice(value) }))}
          onChange={setZone}
        />
        <Choice
          label="Single-letter keys (press ? to see them)"
          value={shortcuts ? 'on' : 'off'}
          options={[
            { value: 'on', label: 'On' },
            { value: 'off', label: 'Off' },
          ]}
          onChange={(value) => setShortcuts(value === 'on')}
        />
      </div>
    </Panel>
  );
}
