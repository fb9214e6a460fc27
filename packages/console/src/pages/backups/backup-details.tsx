import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { BackupDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Empty, Failure } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatBytes, formatMilliseconds, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { backupLook, LEVELS } from './backup-look.ts';
import { backupQuery } from './backup-queries.ts';
import { RestoreSteps } from './restore-steps.tsx';
import '../../components/facts.css';

/** One backup: how it stands, what proves it, and how to get something back from it. */
export function BackupDetails({ id }: { id: string }) {
  const query = useQuery({ ...backupQuery(id), refetchInterval: useLiveInterval() });
  return (
    <QueryView query={query} what="the backup" rows={6}>
      {(backup) => (
        <div className="backup-details">
          <Verify backup={backup} />
          {backup.why !== null && <p>{backup.why}</p>}
          {backup.warnings.map((warning) => (
            <p key={warning}>
              <State tone="warn" word={warning} />
            </p>
          ))}
          <Facts backup={backup} />
          {backup.status === 'good' && (
            <Panel title="Restore">
              <RestoreSteps backup={backup} />
            </Panel>
          )}
          <Evidence backup={backup} />
          {backup.objects.length > 0 && <Objects backup={backup} />}
        </div>
      )}
    </QueryView>
  );
}

function Verify({ backup }: { backup: BackupDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const verify = useMutation({
    mutationFn: (from?: string) =>
      post(
        `/api/v1/backups/${encodeURIComponent(backup.id)}/verify`,
        from === undefined ? { level: 3 } : { level: 1, from },
      ),
    onSettled: () => queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'backups' }),
  });
  const allowed = me !== undefined && me.role !== 'viewer';
  return (
    <div className="backup-actions" role="status">
      <State look="badge" {...backupLook(backup)} />
      {backup.status === 'good' && (
        <Button look="primary" disabled={!allowed || verify.isPending} onClick={() => verify.mutate(undefined)}>
          Restore it on trial
        </Button>
      )}
      {backup.places.length > 1 &&
        backup.places.slice(1).map(({ name }) => (
          <Button key={name} disabled={!allowed || verify.isPending} onClick={() => verify.mutate(name)}>
            Read the copy at {name}
          </Button>
        ))}
      {verify.isSuccess && <span className="quiet">The trial has begun; its job shows how far it is.</span>}
      {verify.error && <Failure error={verify.error} />}
    </div>
  );
}

function Facts({ backup }: { backup: BackupDetail }) {
  const rows: [string, React.ReactNode][] = [
    ['Made', <Instant key="made" at={backup.started} />],
    ['Kept for', backup.keptFor.join(', ') || 'nothing: the next prune deletes it'],
    ...backup.places.map(({ name, verified }): [string, React.ReactNode] => [
      `At ${name}`,
      verified === null ? 'not verified there' : <Verified key={name} verified={verified} />,
    ]),
    ['Size', `${formatBytes(backup.size)}, ${formatBytes(backup.bytes)} of it new`],
    ...(backup.seconds === null ? [] : ([['Took', formatMilliseconds(backup.seconds * 1_000)]] as [string, string][])),
    ...(backup.source === null
      ? []
      : ([
          ['Database', `${backup.source.catalog ?? backup.source.database}, PostgreSQL ${backup.source.serverVersion}`],
          ...(backup.schemas === null ? [] : [['Holds only', `the schemas ${backup.schemas.join(', ')}`]]),
          ...(backup.oneOff ? [['Made once', 'by hand; it stands in for no backup of the configuration']] : []),
          ['Extensions', backup.source.extensions.join(', ') || 'none'],
        ] as [string, string][])),
    ...(backup.client === null ? [] : ([['Read by', backup.client]] as [string, string][])),
    ...(backup.synthetic === null
      ? []
      : ([['Put together', `of ${backup.synthetic.from} and what it built on`]] as [string, string][])),
    ...(backup.parent === null ? [] : ([['Builds on', backup.parent]] as [string, string][])),
    ...(backup.lockedUntil === null
      ? []
      : ([['Locked until', <Instant key="lock" at={backup.lockedUntil} />]] as [string, React.ReactNode][])),
    ...(backup.keyId === null ? [] : ([['Key', backup.keyId]] as [string, string][])),
  ];
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} className="facts-row">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Verified({ verified: { level, at, ok } }: { verified: { level: number; at: string; ok: boolean } }) {
  return (
    <>
      <State tone={ok ? 'ok' : 'bad'} word={ok ? `level ${level}` : `not good at level ${level}`} /> <Instant at={at} />
    </>
  );
}

function Evidence({ backup }: { backup: BackupDetail }) {
  const { verifications } = backup;
  if (verifications.length === 0) {
    return (
      <Empty title="It was not verified yet">
        A backup is proven by restoring it. Every night the newest one is read, every month it is restored on trial.
      </Empty>
    );
  }
  return (
    <Panel title="Verifications" note={plural(verifications.length, 'time')} flush>
      <ul className="backup-evidence">
        {verifications.map(({ at, level, ok, findings, phases }) => (
          <li key={at}>
            <State
              tone={ok ? 'ok' : 'bad'}
              word={ok ? `Level ${level}: ${LEVELS[level] ?? ''}` : `Level ${level}: not good`}
            />
            <span className="quiet">
              <Instant at={at} />,{' '}
              {Object.entries(phases)
                .map(([phase, ms]) => `${phase} ${formatMilliseconds(ms)}`)
                .join(', ')}
            </span>
            {findings.map(({ code, message }) => (
              <p key={`${code} ${message}`}>{message}</p>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Objects({ backup }: { backup: BackupDetail }) {
  return (
    <Panel title="What it is made of" note={plural(backup.objects.length, 'object')} flush>
      <ul className="backup-evidence">
        {backup.objects.map(({ part, path, bytes, sha256 }) => (
          <li key={path}>
            <span>
              <strong>{part}</strong> {formatBytes(bytes)}
            </span>
            <code className="quiet truncate" title={sha256}>
              {path}
            </code>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
