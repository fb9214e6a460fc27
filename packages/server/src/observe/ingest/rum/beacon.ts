import { isObject, type Json, objectOf, textOf } from '../record/json-value.ts';
import { scrubTree } from '../record/scrub-tree.ts';

/** A beacon of a browser: what its page view has to tell. */
export interface Beacon {
  /** Named by the sender; a repeated one adds nothing. */
  id: string | null;
  key: string | null;
  sentAt: unknown;
  service: string;
  environment: string;
  release: string;
  sessionId: string;
  /** Shared by all events that do not say it themselves. */
  url: string;
  route: string;
  /** How many events the page left out since its last beacon, as it says. */
  dropped: unknown;
  events: readonly Json[];
}

/** Reads a beacon's JSON, or one event in the form of the operations guide (`{event, data}`). Undefined when it is neither. */
export function readBeacon(text: string): Beacon | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const events = Array.isArray(value['events']) ? value['events'].filter(isObject) : guideEvents(value);
  if (events === undefined) return undefined;
  const clean = (member: unknown, most: number) => textOf(scrubTree(member), most) ?? '';
  return {
    id: textOf(value['id'], 64),
    key: textOf(value['key'], 200),
    sentAt: value['sentAt'],
    service: clean(value['service'], 200),
    environment: clean(value['environment'], 200),
    release: clean(value['release'] ?? value['version'], 250),
    sessionId: clean(value['sessionId'], 64),
    url: clean(value['url'], 2_000),
    route: clean(value['route'], 500),
    dropped: value['dropped'],
    events: events.map((event) => objectOf(scrubTree(event))),
  };
}

const GUIDE_TIMINGS: Record<string, string> = {
  dns_lookup: 'dnsLookup',
  tcp_connection: 'tcpConnection',
  server_response: 'serverResponse',
  dom_processing: 'domProcessing',
  resource_loading: 'resourceLoading',
  total_load_time: 'totalLoadTime',
};

function guideEvents({ event, data }: Record<string, unknown>): Json[] | undefined {
  const given = objectOf(data);
  const shared = { url: given['url'], at: given['timestamp'] };
  if (event === 'web_vital') return [{ ...given, ...shared, kind: 'vital' }];
  if (event !== 'custom_metric') return undefined;
  const inner = objectOf(given['data']);
  const timings = Object.fromEntries(
    Object.entries(inner).map(([name, value]) => [
      GUIDE_TIMINGS[name] ?? (name === 'status' ? 'statusCode' : name),
      value,
    ]),
  );
  const name = textOf(given['name'], 200) ?? '';
  const known = name === 'page_load_timing' || name === 'api_response_time';
  return [{ ...timings, ...(known ? { name: inner['url'] } : { name }), ...shared, kind: known ? name : 'custom' }];
}

/** The path of an address, without its query, fragment and host: those say who somebody is, not where. */
export function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : (url.split(/[?#]/)[0] ?? '');
  return path.slice(0, 500);
}

/** A path with what differs from view to view replaced: numbers, UUIDs, long hex and random words. */
export function templateOf(path: string): string {
  return path
    .split('/')
    .map((segment) =>
      /^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|[\w-]*\d[\w-]{15,})$/i.test(segment) ? ':id' : segment,
    )
    .join('/');
}
