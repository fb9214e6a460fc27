import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import { missingVariable, type Secret, type SecretReader } from '../../lib/secret.ts';
import { readDuration, slug } from '../../lib/section.ts';
import { type Assertion, type AssertionSubject, parseAssertion } from './assertion.ts';
import type { MonitorBase, MonitorReceiver, RawBase } from './config-base.ts';
import { rewriteTarget } from './rewrite.ts';

const LEAST_INTERVAL_MS = 1_000;

/** Stands for an address that is not known because a variable is not set; it is never called. */
const NOWHERE = 'unset://unset.invalid';

/** What a monitor is compiled with. */
export interface MonitorContext {
  targets: Readonly<Record<string, string>>;
  /** Follows secrets below the monitor. */
  secret: SecretReader;
  /** Reads a small text file; throws when it cannot. */
  file(path: string): string;
  /** Compiles `notifications` and `escalation`, which belong to alerting. */
  receivers(): { notifications: readonly MonitorReceiver[]; escalation: string | null };
}

type Timing = Pick<MonitorBase, 'intervalMs' | 'timeoutMs' | 'retries' | 'recovery' | 'maxResponseTimeMs'>;

/** Why the monitor cannot be checked: the first secret or variable that is missing. */
interface Broken {
  broken: string | null;
}

/** Reads the keys that several kinds share, and reports what is wrong with them; paths count from the monitor. */
export class MonitorCompiler {
  readonly report: Report;
  readonly #context: MonitorContext;
  readonly #state: Broken;
  readonly #prefix: ConfigPath;

  constructor(context: MonitorContext, report: Report, prefix: ConfigPath = [], state: Broken = { broken: null }) {
    this.#context = context;
    this.report = report;
    this.#prefix = prefix;
    this.#state = state;
  }

  /** The same for a part of the monitor; paths count from the part. */
  within(...prefix: (string | number)[]): MonitorCompiler {
    const below = [...this.#prefix, ...prefix];
    return new MonitorCompiler(this.#context, within(this.report, ...prefix), below, this.#state);
  }

  /** A secret, with `file:` followed. */
  secret(text: string, path: ConfigPath): Secret {
    const { secret, broken } = this.#context.secret(text, [...this.#prefix, ...path]);
    this.#state.broken ??= broken;
    return secret;
  }

  /** Secrets by name, such as headers. */
  secrets(texts: Readonly<Record<string, string>> | undefined, path: ConfigPath): Record<string, Secret> {
    const entries = Object.entries(texts ?? {});
    return Object.fromEntries(entries.map(([name, text]) => [name, this.secret(text, [...path, name])]));
  }

  /** A text that may stand in a file of its own. */
  text(text: string, path: ConfigPath): string {
    if (!text.startsWith('file:')) return text;
    const file = text.slice('file:'.length);
    try {
      return this.#context.file(file);
    } catch {
      this.report({ code: 'E210', path, message: `the file ${file} cannot be read`, suggestion: 'write its path' });
      this.#state.broken ??= `the file ${file} cannot be read`;
      return '';
    }
  }

  optionalSecret(text: string | undefined, path: ConfigPath): Secret | null {
    return text === undefined ? null : this.secret(text, path);
  }

  /** An address of one of the protocols (`http:`), and where `targets` sends it. */
  address(text: string, path: ConfigPath, protocols: readonly string[] = ['http:', 'https:']) {
    if (isAddress(text, protocols)) return { url: text, target: rewriteTarget(text, this.#context.targets) };
    if (!this.#lacksVariable(text)) {
      this.report({ code: 'E103', path, message: `"${text}" is not an address`, suggestion: beginning(protocols) });
    }
    return { url: text, target: text };
  }

  /**
   * An address that may hold a password, or be one secret as a whole.
   * @returns its text without the password, and its parts
   */
  secretAddress(text: string, path: ConfigPath, protocols: readonly string[]): { text: string; url: URL } {
    if (this.#lacksVariable(text)) return { text, url: new URL(NOWHERE) };
    const address = this.secret(text, path).reveal();
    if (!isAddress(address, protocols)) {
      const suggestion = beginning(protocols);
      this.report({ code: 'E103', path, message: 'this is not an address of a server', suggestion });
      return { text: '', url: new URL(NOWHERE) };
    }
    const shown = new URL(address);
    shown.password = '';
    return { text: shown.href, url: new URL(address) };
  }

  /** A host name or an IP address, without the brackets of an IPv6 address. */
  host(text: string): string {
    const host = text.replace(/^\[|\]$/g, '');
    if (this.#lacksVariable(text) || (!/[/\s@?#]/.test(host) && isHost(host))) return host;
    const suggestion = 'write a name such as example.com, or an IP address';
    this.report({ code: 'E103', path: ['host'], message: `"${text}" is not a host`, suggestion });
    return host;
  }

  /** A duration in milliseconds, or undefined when it is absent or refused. */
  duration(value: string | number | undefined, key: string, minimum = 1): number | undefined {
    return readDuration(value, [key], this.report, minimum);
  }

  assertions(texts: readonly string[] | undefined, subjects: readonly AssertionSubject['kind'][]): Assertion[] {
    const assertions: Assertion[] = [];
    for (const [index, text] of (texts ?? []).entries()) {
      const parsed = parseAssertion(text, subjects);
      if (parsed.ok) assertions.push(parsed.assertion);
      else this.report({ code: 'E104', path: ['assertions', index], ...parsed.problem });
    }
    return assertions;
  }

  /**
   * What every kind has. To be called after the secrets were read: one that is missing breaks the monitor.
   * @param url what is checked, as people see it
   */
  base(raw: RawBase, { url, target }: { url: string; target: string }): MonitorBase {
    this.#lacksVariable(url);
    return {
      id: slug(raw.name),
      name: raw.name,
      url,
      target,
      ...this.#timing(raw),
      ...this.#places(raw),
      parent: raw.parent ?? null,
      allowPrivate: raw.allow_private ?? true,
      severity: raw.severity ?? 'critical',
      ...this.#context.receivers(),
      paused: raw.paused ?? false,
      labels: raw.labels ?? {},
      badge: raw.badge ?? false,
      ipVersion: raw.ip_version ?? null,
      runbook: raw.runbook ?? null,
      project: raw.project ?? null,
      environment: raw.environment ?? null,
      broken: this.#state.broken,
    };
  }

  /** `base` of a kind that has a host instead of an address. */
  hostBase(raw: RawBase, scheme: string, host: string, port?: number): MonitorBase {
    const name = host.includes(':') ? `[${host}]` : host;
    const url = `${scheme}://${name}${port === undefined ? '' : `:${port}`}`;
    return this.base(raw, { url, target: url });
  }

  #timing(raw: RawBase): Timing {
    return {
      intervalMs: this.duration(raw.check_interval, 'check_interval', LEAST_INTERVAL_MS) ?? 60_000,
      timeoutMs: this.duration(raw.timeout, 'timeout') ?? 30_000,
      retries: raw.retries ?? 1,
      recovery: raw.recovery ?? 1,
      maxResponseTimeMs: this.duration(raw.max_response_time, 'max_response_time') ?? null,
    };
  }

  #places(raw: RawBase): Pick<MonitorBase, 'locations' | 'quorum'> {
    const locations = [...new Set(raw.locations ?? [])];
    const places = Math.max(1, locations.length);
    const { quorum = Math.floor(places / 2) + 1 } = raw;
    if (quorum <= places) return { locations, quorum };
    const message = `quorum is ${quorum}, and it is checked from ${places} ${places === 1 ? 'place' : 'places'}`;
    this.report({ code: 'E103', path: ['quorum'], message, suggestion: 'name more locations or write a lower quorum' });
    return { locations, quorum: places };
  }

  #lacksVariable(text: string): boolean {
    const variable = missingVariable(text);
    if (variable !== undefined) this.#state.broken ??= `environment variable ${variable} is not set`;
    return variable !== undefined;
  }
}

function isAddress(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

/** The suggestion to begin with one of the protocols, the safer one first. */
function beginning(protocols: readonly string[]): string {
  return `write one that begins with ${[...protocols]
    .sort()
    .reverse()
    .map((protocol) => `${protocol}//`)
    .join(' or ')}`;
}

function isHost(host: string): boolean {
  return URL.canParse(`http://${host.includes(':') ? `[${host}]` : host}/`);
}
