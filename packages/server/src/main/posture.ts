import type { PostureFacts, StoreLink } from '../care/scan/index.ts';
import type { Settings } from '../config/settings.ts';
import { isPlaceholder, type Secret } from '../lib/secret.ts';
import type { LiveBackups } from './backup/open.ts';
import { dataModes } from './data-modes.ts';
import type { Identity } from './identity.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

export interface PostureParts {
  settings: Settings;
  live: LiveConfig;
  stores: Pick<Stores, 'stateUrl'>;
  identity: Pick<Identity, 'keyring'>;
  backups: LiveBackups;
}

/** How this platform is set up, as it knows by itself. */
export async function postureFacts(parts: PostureParts): Promise<PostureFacts> {
  const { settings, live, identity, backups } = parts;
  const config = live.current;
  const secretKey = identity.keyring.current;
  const [seen, modes] = await Promise.all([backups.watch.look(), dataModes(settings.dataDir)]);
  return {
    secretKey: {
      ...{ length: secretKey.length, distinct: new Set(secretKey).size, placeholder: isPlaceholder(secretKey) },
      fileMode: settings.secretKey === undefined ? modes.key : null,
    },
    publicUrl: config.publicUrl,
    listensOutside: !/^(?:127\.|::1$|localhost$)/.test(settings.host),
    providers: config.signIn.providers.map(({ id, domains, role }) => ({ id, domains, role })),
    ...{ breachedPasswords: config.signIn.breachedPasswords },
    data: { writable: modes.writable, readable: modes.readable },
    links: linksOf(parts),
    databases: config.databases.map(({ name }) => name),
    backups: config.backups.map(({ name, database, key }) => ({
      ...{ name, database, hasKey: key.broken === null },
      problems: seen.find((item) => item.name === name)?.problems ?? [],
    })),
    node: process.version,
  };
}

function linksOf({ settings, live, stores }: PostureParts): StoreLink[] {
  const { stores: written, databases } = live.current;
  const outside = (environment: string | undefined, file: string) =>
    environment ?? (file === 'embedded' || file.startsWith('file:') ? undefined : file);
  const link = (name: string, setting: string, url: string | undefined) =>
    url === undefined ? [] : [readLink(name, setting, url)];
  return [
    ...link('the state store', 'YUMOPS_STATE_URL', outside(settings.stateUrl, written.state) && stores.stateUrl),
    ...link('the telemetry store', 'YUMOPS_TELEMETRY_URL', outside(settings.telemetryUrl, written.telemetry)),
    ...link('the blob store', 'YUMOPS_BLOB_URL', outside(settings.blobUrl, written.blobs)),
    ...link('the counters', 'YUMOPS_COUNTER_URL', outside(settings.counterUrl, written.counters)),
    ...databases
      .filter(({ broken }) => broken === null)
      .map(({ name, url }: { name: string; url: Secret }) =>
        readLink(`the database ${name}`, `databases[${name}].url`, url.reveal()),
      ),
  ];
}

const TLS_MODES = new Set(['require', 'verify-ca', 'verify-full']);

/** What an address says of itself; neither user nor password. */
export function readLink(name: string, setting: string, text: string): StoreLink {
  if (!URL.canParse(text)) return { name, setting, protocol: 'unknown:', host: '', encrypted: false };
  const url = new URL(text);
  // `s3://bucket` goes to the service by https unless an endpoint says otherwise.
  const endpoint = url.searchParams.get('endpoint');
  const reached = endpoint !== null && URL.canParse(endpoint) ? new URL(endpoint) : url;
  const isSecure = ['https:', 'rediss:', 's3:'].includes(reached.protocol) || reached.protocol === 'file:';
  const isPostgres = ['postgres:', 'postgresql:'].includes(url.protocol);
  const host = reached.protocol === 'file:' ? '' : (url.searchParams.get('host') ?? reached.hostname);
  return {
    ...{ name, setting, host, protocol: reached.protocol },
    encrypted: isPostgres ? TLS_MODES.has(url.searchParams.get('sslmode') ?? '') : isSecure,
  };
}

/** Permission bits of a file or folder; null when there is none. */
