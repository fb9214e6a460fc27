import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityDetection, SecurityEvidence } from '@yumops/protocol';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatPercent } from '../../format/number.ts';
import { ATTACKS, severityLook, shortAccount } from './security-look.ts';
import { blocksQuery, detectionQuery } from './security-queries.ts';
import '../../components/facts.css';

const route = getRouteApi('/console/security');

/** What was seen of one attack, what followed from it, and the way to everything else of those involved. */
export function DetectionDetails({ id }: { id: string }) {
  const query = useQuery(detectionQuery(id));
  return (
    <QueryView query={query} what="the attack" rows={6}>
      {(item) => <Details item={item} />}
    </QueryView>
  );
}

function Details({ item }: { item: SecurityDetection }) {
  const { keys, evidence } = item;
  return (
    <div className="attack-details">
      <h3>{ATTACKS[item.code]}</h3>
      <State {...severityLook(item)} />
      <p>{evidence.summary}</p>
      <Follows id={item.id} />
      <dl className="facts">
        {keys.ip !== null && (
          <Fact name="Address">
            <Look about={{ ip: keys.ip }}>{keys.ip}</Look>
          </Fact>
        )}
        {keys.network !== null && (
          <Fact name="Network">
            <Look about={{ network: keys.network }}>{keys.network}</Look>
          </Fact>
        )}
        {keys.account !== null && (
          <Fact name="Account">
            <Look about={{ account: keys.account }}>{shortAccount(keys.account)}</Look>
          </Fact>
        )}
        <Fact name="Events">{item.count.toLocaleString('en')}</Fact>
        <Fact name="First">
          <Instant at={item.firstAt} />
        </Fact>
        <Fact name="Last">
          <Instant at={item.lastAt} />
        </Fact>
        <Figures evidence={evidence} />
        <Fact name="Project">{item.project}</Fact>
      </dl>
      <Samples title="Addresses" values={evidence.sampleAddresses} aboutOf={(ip) => ({ ip })} />
      <Samples
        title="Accounts"
        values={evidence.sampleAccounts}
        aboutOf={(account) => ({ account })}
        textOf={shortAccount}
      />
      {evidence.paths !== undefined && (
        <section>
          <h4>Paths</h4>
          <ul className="mono attack-samples">
            {evidence.paths.map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Figures({ evidence }: { evidence: SecurityEvidence }) {
  const { failures, threshold, accounts, addresses, succeeded, ratio, usualRatio, from, to } = evidence;
  const facts: [string, string | undefined][] = [
    ['Failures', failures?.toLocaleString('en')],
    ['Accounts', accounts?.toLocaleString('en')],
    ['Addresses', addresses?.toLocaleString('en')],
    ['Signed in there', succeeded?.toLocaleString('en')],
    ['Threshold', threshold?.toLocaleString('en')],
    ['Failed share', ratio === undefined ? undefined : formatPercent(100 * ratio)],
    ['Usual share', usualRatio === undefined ? undefined : formatPercent(100 * usualRatio)],
    ['From', from],
    ['To', to],
  ];
  return facts.map(
    ([name, value]) =>
      value !== undefined && (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ),
  );
}

type About = { ip?: string; network?: string; account?: string };

/** Leads to the timeline of an address, a network or an account. */
function Look({ about, children }: { about: About; children: React.ReactNode }) {
  return (
    <route.Link
      to="."
      className="mono"
      search={({ range, from, to }) => ({ ...{ range, from, to }, view: 'events', ...about })}
    >
      {children}
    </route.Link>
  );
}

interface SamplesProps {
  title: string;
  values: readonly string[] | undefined;
  aboutOf(value: string): About;
  textOf?: (value: string) => string;
}

function Samples({ title, values, aboutOf, textOf = (value) => value }: SamplesProps) {
  if (values === undefined || values.length === 0) return null;
  return (
    <section>
      <h4>{title}, the newest</h4>
      <ul className="attack-samples">
        {values.map((value) => (
          <li key={value}>
            <Look about={aboutOf(value)}>{textOf(value)}</Look>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The block that the attack brought about. */
function Follows({ id }: { id: string }) {
  const block = useQuery(blocksQuery).data?.items.find(({ detectionId }) => detectionId === id);
  if (block === undefined) return null;
  return (
    <p>
      <State tone="bad" word="Shut out" /> until <Instant at={block.until} />.{' '}
      <route.Link to="." search={(old) => ({ ...old, view: 'blocks', detection: undefined })}>
        See the blocks
      </route.Link>
    </p>
  );
}
