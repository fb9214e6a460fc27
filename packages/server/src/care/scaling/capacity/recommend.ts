import type { CapacityFigure, CapacityResource, ScalingRecommendation } from '@yumops/protocol';
import type { Prices } from '../config.ts';

/** As the console writes it, and as clouds bill it. */
const GB = 2 ** 30;
const gb = (bytes: number) => `${Number((bytes / GB).toPrecision(3))} GB`;

/** A disk should hold what is expected so many days from now, with a fifth of room. */
const AHEAD_DAYS = 180;
const ROOM = 1.2;
/** A limit that is further off needs no setting yet. */
const SOON_DAYS = 90;
/** Share of usable connections that pools may take together. */
const POOL_SHARE = 0.8;
/** Percent. */
const FEW_HITS = 95;
/** A class of telemetry is named when it is this share of all. */
const LARGE_SHARE = 0.5;

export interface RecommendContext {
  resources: readonly CapacityResource[];
  figures: readonly CapacityFigure[];
  prices: Prices;
  /** Days that classes of telemetry are kept, by the configuration. */
  retentionDays: Readonly<Record<string, number>>;
}

type Cost = Pick<ScalingRecommendation, 'cost' | 'costNote'>;

const NO_COST: Cost = { cost: null, costNote: 'Costs nothing by itself.' };

/** What more, or less, room costs by the price of the configuration. */
function costOf(bytes: number, price: number | null, key: string, currency: string): Cost {
  if (price === null) return { cost: null, costNote: `No price known: set scaling.prices.${key}.` };
  const perMonth = Math.round((bytes / GB) * price * 100) / 100;
  const note = `${gb(Math.abs(bytes))} × ${price} ${currency} a month`.trim();
  return { cost: { perMonth, currency }, costNote: `${note}.` };
}

function disks({ resources, prices }: RecommendContext): ScalingRecommendation[] {
  return resources.flatMap((resource) => {
    const { id, title, unit, limit, outlook, growthPerDay, current } = resource;
    const soon = outlook.state === 'full' || (outlook.state === 'limit' && outlook.earliest < SOON_DAYS);
    if (unit !== 'B' || limit === null || current === null || growthPerDay === null || !soon) return [];
    const wanted = (current + Math.max(0, growthPerDay.value) * AHEAD_DAYS) * ROOM;
    if (wanted <= limit) return [];
    return [
      {
        id: `grow:${id}`,
        title: `Make room: ${title}`,
        setting: 'size of the disk',
        current: gb(limit),
        recommended: gb(wanted),
        reason: `${gb(current)} are used and ${gb(growthPerDay.value)} a day are added (${gb(growthPerDay.low)} to ${gb(growthPerDay.high)}): in ${AHEAD_DAYS} days with a fifth of room that is ${gb(wanted)}.`,
        basis: [id],
        ...costOf(wanted - limit, prices.diskGbMonth, 'disk_gb_month', prices.currency),
      },
    ];
  });
}

const CLASS_OF: Readonly<Record<string, string>> = {
  logs: 'logs',
  requests: 'requests',
  metrics: 'metrics',
  spans: 'spans',
  vitals: 'vitals',
  sessions: 'sessions',
  security: 'security',
};

/** Where a disk fills, keeping the largest signal for half the time is the other way out. */
function retention({ resources, figures, prices, retentionDays }: RecommendContext): ScalingRecommendation[] {
  const filling = resources.find(
    ({ id, outlook }) => id.startsWith('disk:') && (outlook.state === 'limit' || outlook.state === 'full'),
  );
  if (!filling) return [];
  const perDay = figures.filter(({ group, unit }) => group === 'telemetry' && unit === 'B/day');
  const total = perDay.reduce((sum, { value }) => sum + value, 0);
  const largest = perDay.toSorted((a, b) => b.value - a.value)[0];
  const name = largest && CLASS_OF[largest.of];
  const days = name === undefined ? undefined : retentionDays[name];
  if (!largest || name === undefined || days === undefined || days < 2 || largest.value < LARGE_SHARE * total)
    return [];
  const kept = Math.ceil(days / 2);
  const saved = largest.value * (days - kept);
  return [
    {
      id: `retention:${name}`,
      title: `Keep ${name} for a shorter time`,
      setting: `retention.${name}`,
      current: `${days}d`,
      recommended: `${kept}d`,
      reason: `${name} are ${Math.round((largest.value / total) * 100)} % of what telemetry adds in a day. ${days - kept} days of ${gb(largest.value)} free ${gb(saved)}.`,
      basis: [largest.id, filling.id],
      ...costOf(-saved, prices.diskGbMonth, 'disk_gb_month', prices.currency),
    },
  ];
}

/** Pools that may together open more connections than the server has. */
function pools({ figures }: RecommendContext): ScalingRecommendation[] {
  const usable = figures.filter(({ group, id }) => group === 'connections' && id.endsWith(':usable'));
  const most = figures.filter(({ id }) => id.endsWith(':most'));
  const [server] = usable;
  // Which pool goes to which of several servers is not known.
  if (!server || usable.length > 1 || most.length === 0) return [];
  const wanted = most.reduce((sum, { value }) => sum + value, 0);
  const allowed = server.value * POOL_SHARE;
  if (wanted <= allowed) return [];
  return most.flatMap((pool) => {
    const part = (key: string) => figures.find(({ id }) => id === pool.id.replace(/:most$/, `:${key}`));
    const [size, instances] = [part('pool'), part('instances')];
    if (!size || !instances) return [];
    const fair = Math.max(1, Math.floor((allowed * (pool.value / wanted)) / instances.value));
    if (fair >= size.value) return [];
    return [
      {
        id: `pool:${pool.of}`,
        title: `Make the pool of ${pool.of} smaller, or put a pooler before ${server.of}`,
        setting: `pool size of ${pool.of}`,
        current: String(size.value),
        recommended: String(fair),
        reason: `${instances.value} instances × ${size.value} = ${pool.value}, with other pools ${wanted}; ${server.of} has ${server.value} connections for ordinary roles, and a fifth stays free for others.`,
        basis: [pool.id, server.id],
        ...NO_COST,
      },
    ];
  });
}

function memoryOfDatabases({ figures }: RecommendContext): ScalingRecommendation[] {
  return figures
    .filter(({ id, value }) => id.endsWith(':cache') && value < FEW_HITS)
    .map(({ id, of, value, samples }) => ({
      id: `cache:${of}`,
      title: `Give the database ${of} more memory`,
      setting: 'shared_buffers',
      current: `${Number(value.toPrecision(3))} % of blocks found in memory`,
      recommended: `a size at which ${FEW_HITS} % and more are found`,
      reason: `Of the blocks that were asked for in the last day ${Number((100 - value).toPrecision(3))} % had to be read (${samples} samples). Which size suffices is not foretold: double it, and look again after a day.`,
      basis: [id],
      cost: null,
      costNote: 'The price of memory is not known here.',
    }));
}

/** Settings that should be other ones, each with what it rests on. Nothing is said where nothing was measured. */
export function recommend(context: RecommendContext): ScalingRecommendation[] {
  return [...disks(context), ...retention(context), ...pools(context), ...memoryOfDatabases(context)];
}
