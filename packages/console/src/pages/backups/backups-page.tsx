import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { BackupItem, BackupPlan } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { AskedSpan, useAskedSpan } from '../../components/asked-span.tsx';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty, Failure } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatBytes, formatMilliseconds, formatSpan, plural } from '../../format/number.ts';
import { useNow } from '../../time/now.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import type { Span } from '../../time/range.ts';
import { BackupDetails } from './backup-details.tsx';
import { backupLook, copyLook, faultsOf, placesText, planLook, telemetryText } from './backup-look.ts';
import { backupsQuery } from './backup-queries.ts';
import { BackupCalendar } from './calendar.tsx';
import { Chain } from './chain.tsx';
import { OneOffForm } from './one-off-form.tsx';
import { RecoveryKit } from './recovery-kit.tsx';
import './backups.css';

const route = getRouteApi('/console/backups');

/** What can be restored, from when to when, and what proves it. */
export function BackupsPage() {
  const query = useQuery({ ...backupsQuery, refetchInterval: useLiveInterval() });
  const { backup } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title="Backups" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <AskedSpan />
      <QueryView query={query} what="the backups" rows={8}>
        {({ items, plans }) =>
          plans.length === 0 ? (
            <NoPlans />
          ) : (
            plans.map((plan) => (
              <Plan key={plan.name} plan={plan} items={items.filter(({ name }) => name === plan.name)} />
            ))
          )
        }
      </QueryView>
      {backup !== undefined && (
        <Drawer title={backup} close={() => void navigate({ search: (old) => ({ ...old, backup: undefined }) })}>
          <BackupDetails id={backup} />
        </Drawer>
      )}
    </Page>
  );
}

function NoPlans() {
  return (
    <Empty title="Nothing is backed up yet">
      <p>Make a key, then name what is to be backed up under backups in yumops.yml.</p>
      <Command line="yumops backup key create backup.key" />
    </Empty>
  );
}

function Plan({ plan, items }: { plan: BackupPlan; items: readonly BackupItem[] }) {
  const navigate = route.useNavigate();
  const now = useNow();
  return (
    <section className="backup-plan" aria-label={plan.name}>
      <Verdict plan={plan} items={items} />
      {plan.kit === null && !plan.isSelf && plan.problems.some(({ code }) => code === 'kit_unconfirmed') && (
        <RecoveryKit plan={plan} />
      )}
      <div className="backup-columns">
        <Panel title="Calendar" of={plan.name} note={`13 weeks, days of ${plan.timeZone}`}>
          <BackupCalendar
            items={items}
            timeZone={plan.timeZone}
            now={now}
            open={(id) => void navigate({ search: { backup: id } })}
          />
          <p className="quiet backup-legend">
            {`Kept: the newest good one of ${plan.retention.daily} days, ${plan.retention.weekly} weeks and ${plan.retention.monthly} months. Pale: the next prune deletes it.`}
          </p>
        </Panel>
        <Drills plan={plan} />
      </div>
      <Chain items={items} plan={plan} />
      <Backups items={items} of={plan.name} copied={plan.copy !== null} />
    </section>
  );
}

function Verdict({ plan, items }: { plan: BackupPlan; items: readonly BackupItem[] }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const start = (path: string, body: object) => ({
    mutationFn: () => post(path, body),
    onSettled: () => queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'backups' }),
  });
  const now = useMutation(start('/api/v1/backups', { name: plan.name }));
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const open = (form: 'schemas' | undefined) =>
    void navigate({ search: (old) => ({ ...old, do: form, plan: form && plan.name }) });
  const once = useMutation({
    ...start('/api/v1/backups', {}),
    mutationFn: (schemas: readonly string[]) => post('/api/v1/backups', { name: plan.name, schemas }),
    onSuccess: () => open(undefined),
  });
  const drill = useMutation(start(`/api/v1/jobs/${encodeURIComponent(plan.jobs.drill)}/run`, {}));
  const allowed = me !== undefined && me.role !== 'viewer';
  const verified = items.find((item) => item.verified?.ok && item.verified.level >= 2)?.verified;
  const { earliest, latest } = plan.recoverable;
  return (
    <header className="panel backup-verdict">
      <div>
        <h2>{plan.isSelf ? 'YumOps itself' : plan.name}</h2>
        <State {...planLook(plan, items)} />
        {faultsOf(plan)
          .slice(1)
          .map(({ code, message }) => (
            <p key={code}>
              <State tone="bad" word={message} />
            </p>
          ))}
      </div>
      <dl className="backup-facts">
        <div>
          <dt>Recoverable</dt>
          <dd>
            {earliest === null || latest === null ? (
              'nothing'
            ) : (
              <>
                <Instant at={earliest} /> to <Instant at={latest} />
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Last restored on trial</dt>
          <dd>{verified == null ? 'never' : <When at={verified.at} />}</dd>
        </div>
        <div>
          <dt>Next backup</dt>
          <dd>{plan.nextRunAt === null ? 'unknown' : <When at={plan.nextRunAt} />}</dd>
        </div>
        <div>
          <dt>Second destination</dt>
          <dd className="backup-second">
            <SecondDestination copy={plan.copy} />
          </dd>
        </div>
        {plan.telemetry !== null && (
          <div>
            <dt>Telemetry</dt>
            <dd>{telemetryText(plan.telemetry)}</dd>
          </div>
        )}
        <div>
          <dt>Recovery kit</dt>
          <dd>
            {plan.kit === null ? (
              <State tone="warn" word="not confirmed" />
            ) : (
              <>
                {plan.kit.by}, <When at={plan.kit.at} />
              </>
            )}
          </dd>
        </div>
      </dl>
      <div className="backup-actions" role="status">
        <Button look="primary" disabled={!allowed || now.isPending} onClick={() => now.mutate()}>
          Back up now
        </Button>
        <Button disabled={!allowed || drill.isPending} onClick={() => drill.mutate()}>
          Recovery drill
        </Button>
        {plan.database !== null && (
          <Button disabled={!allowed} onClick={() => open('schemas')}>
            Some schemas once
          </Button>
        )}
        {(now.isSuccess || drill.isSuccess || once.isSuccess) && (
          <span className="quiet">It has begun; Jobs shows how far it is.</span>
        )}
        {[now.error, drill.error].map((error) => error && <Failure key={error.message} error={error} />)}
      </div>
      {search.do === 'schemas' && search.plan === plan.name && plan.database !== null && (
        <OneOffForm
          plan={plan}
          error={once.error}
          busy={once.isPending}
          submit={once.mutate}
          close={() => open(undefined)}
        />
      )}
    </header>
  );
}

/** What the second destination holds, and how far it is behind. */
function SecondDestination({ copy }: { copy: BackupPlan['copy'] }) {
  if (copy === null) return 'none';
  const { earliest, latest } = copy.recoverable;
  return (
    <>
      <State {...copyLook(copy)} />
      <span className="quiet truncate" title={copy.address ?? undefined}>
        {copy.address === null ? copy.name : `${copy.name}: ${copy.address}`}
      </span>
      {earliest !== null && latest !== null && (
        <span className="quiet">
          <Instant at={earliest} /> to <Instant at={latest} />
        </span>
      )}
    </>
  );
}

function Drills({ plan }: { plan: BackupPlan }) {
  const span = useAskedSpan();
  const { targets } = plan;
  const drills = plan.drills.filter(({ at }) => isIn(at, span));
  const longest = Math.max(targets.recoveryTimeSeconds, ...drills.map((drill) => drill.recoveryTimeSeconds));
  return (
    <Panel title="Recovery drills" of={plan.name} note={`target ${formatSpan(targets.recoveryTimeSeconds * 1_000)}`}>
      {drills.length === 0 ? (
        <Empty title={span === null ? 'No drill yet' : 'No drill then'}>
          A drill recovers the newest backup and measures how long that takes and how much would be lost. One runs every
          quarter.
        </Empty>
      ) : (
        <ol className="backup-drills">
          {drills.toReversed().map((drill) => (
            <li key={drill.at}>
              <State
                tone={!drill.ok ? 'bad' : drill.recoveryTimeSeconds > targets.recoveryTimeSeconds ? 'warn' : 'ok'}
                word={
                  drill.ok ? `recovered in ${formatMilliseconds(drill.recoveryTimeSeconds * 1_000)}` : 'not recovered'
                }
              />
              <meter value={drill.recoveryTimeSeconds} max={longest} aria-hidden="true" />
              <span className="quiet">
                <When at={drill.at} />, {formatSpan(drill.recoveryPointSeconds * 1_000)} would be lost
              </span>
              <span className="quiet truncate">
                {Object.entries(drill.phases)
                  .map(([phase, seconds]) => `${phase} ${formatMilliseconds(seconds * 1_000)}`)
                  .join(', ')}
              </span>
              {drill.findings.map(({ code, message }) => (
                <span key={`${code} ${message}`}>{message}</span>
              ))}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

const isIn = (iso: string, span: Span | null) =>
  span === null || (Date.parse(iso) >= span.from && Date.parse(iso) < span.to);

function Backups({ items: all, of, copied }: { items: readonly BackupItem[]; of: string; copied: boolean }) {
  const span = useAskedSpan();
  const items = all.filter(({ started }) => isIn(started, span));
  const { backup: open } = route.useSearch();
  const list = useListKeys<HTMLDivElement>();
  if (items.length === 0 && span !== null) return <Empty title={`No backup of ${of} was made then`} />;
  if (items.length === 0) return <Empty title="No backup was made yet">Back up now makes the first.</Empty>;
  return (
    <div ref={list}>
      <Panel title="Backups" of={of} note={plural(items.length, 'backup')} flush>
        <ul className="backup-rows">
          {items.map((item) => (
            <li key={item.id}>
              <route.Link
                data-row
                to="."
                search={(old) => ({ ...old, backup: item.id })}
                className="backup-row"
                data-current={item.id === open}
              >
                <span className="backup-when">
                  <strong>
                    <Instant at={item.started} />
                  </strong>
                  <span className="quiet truncate">
                    {item.parent === null ? item.tier : `${item.tier}, increment of ${item.parent}`}
                    {item.synthetic !== null && ', full put together of increments'}
                    {item.oneOff && ', once'}
                    {item.schemas !== null && `, only ${item.schemas.join(', ')}`}
                  </span>
                </span>
                <span className="backup-state">
                  <State {...backupLook(item)} />
                  {item.why !== null && <span className="quiet truncate">{item.why}</span>}
                </span>
                <span className="backup-when">
                  <span className="quiet truncate">{item.keptFor.join(', ') || 'will be deleted'}</span>
                  {copied && item.status === 'good' && (
                    <span className="quiet truncate">{`at ${placesText(item)}`}</span>
                  )}
                </span>
                <span className="figures">{item.status === 'good' ? formatBytes(item.size) : ''}</span>
                <span className="figures">{item.seconds === null ? '' : formatMilliseconds(item.seconds * 1_000)}</span>
              </route.Link>
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  );
}
