import type { AlertingConfig } from './alerting-config.ts';
import { TENANT } from './evaluate/step-rule.ts';
import { fingerprint, type Labels } from './fingerprint.ts';
import type { Instance } from './instance.ts';
import type { RuleStatus, WatchedCondition } from './ports.ts';

const PATIENCE_MS = 300_000;
const LAG_MS = 120_000;
/** Channels that are sent; what others are for is told step by step. */
const SENT: ReadonlySet<string> = new Set(['slack', 'email', 'webhook']);
const SHOWN = 5;

/** Something wrong with the alert path itself. It is told to the platform's own receivers, never to a rule's. */
export interface MetaCondition {
  id: string;
  fingerprint: string;
  name: string;
  labels: Labels;
  holds: boolean;
  /** How long it must hold before it is told, ms. */
  forMs: number;
  reason: string;
}

/** What the platform knows of itself from elsewhere. */
export interface OwnState {
  /** How late telemetry is counted, ms. */
  lagMs: number;
  /** Why the files of the configuration as they are now do not run; null when they do. */
  configRefusal: string | null;
}

/**
 * What the platform watches in itself: rules without data, rules that cannot be evaluated, ingest that lags, receivers
 * that cannot work.
 * @param others what other parts of the platform found
 */
export function metaConditions(
  config: AlertingConfig,
  statusOf: (ruleId: string) => RuleStatus | undefined,
  instancesOf: (ruleId: string) => readonly Instance[],
  { lagMs, configRefusal }: OwnState,
  others: readonly WatchedCondition[] = [],
): MetaCondition[] {
  const refused = condition(
    'configuration-refused',
    'Configuration is refused',
    {},
    {
      holds: configRefusal !== null,
      forMs: 0,
      reason: configRefusal ?? 'the files are those that run',
    },
  );
  const lag = condition(
    'ingest-lag',
    'Telemetry is behind',
    {},
    {
      holds: lagMs > LAG_MS,
      forMs: 0,
      reason:
        lagMs > LAG_MS
          ? `telemetry is counted ${Math.round(lagMs / 1_000)} s late, so alert rules wait`
          : 'telemetry is counted in time',
    },
  );
  const ofRules = config.rules.flatMap((rule) => {
    const status = statusOf(rule.id);
    const silent = instancesOf(rule.id).find((instance) => instance.silentSince !== null);
    return [
      condition(
        `no-data:${rule.id}`,
        `No data: ${rule.name}`,
        { rule: rule.name },
        {
          holds: rule.noData === 'nodata' && silent !== undefined,
          forMs: PATIENCE_MS,
          reason: silent?.reason ?? 'data arrives',
        },
      ),
      condition(
        `error:${rule.id}`,
        `Rule cannot be evaluated: ${rule.name}`,
        { rule: rule.name },
        {
          holds: status?.state === 'error',
          forMs: PATIENCE_MS,
          reason: status?.reason ?? 'it is evaluated',
        },
      ),
    ];
  });
  const ofOthers = others.map(({ id, name, labels, ...state }) => condition(id, name, labels, state));
  return [lag, refused, brokenReceivers(config), ...ofRules, ...ofOthers];
}

/** Receivers that cannot work as the configuration stands; messages to them go to the fallback. */
function brokenReceivers({ rules, alertSettings }: AlertingConfig): MetaCondition {
  const targets = [...rules.flatMap((rule) => rule.notifications), ...alertSettings.email];
  const broken = targets.filter((target) => target.broken !== null && SENT.has(target.channel));
  const named = [...new Set(broken.map(({ channel, target, broken: why }) => `${channel} ${target} (${why})`))];
  return condition(
    'broken-receivers',
    'Receivers do not work',
    {},
    {
      holds: named.length > 0,
      forMs: 0,
      reason: named.length === 0 ? 'all receivers work' : listed(named),
    },
  );
}

function condition(
  id: string,
  name: string,
  labels: Labels,
  state: Pick<MetaCondition, 'holds' | 'forMs' | 'reason'>,
): MetaCondition {
  return { id: `meta:${id}`, fingerprint: fingerprint(TENANT, `meta:${id}`, labels), name, labels, ...state };
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
