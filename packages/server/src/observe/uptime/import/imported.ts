import { slug } from '../../../lib/section.ts';
import { MONITOR_SHAPES, type MonitorKindName } from '../config.ts';

/** What could be read of another tool's file. */
export interface Imported {
  /** Where it comes from, as people know it. */
  source: string;
  /** Items of `monitors:`. */
  monitors: Record<string, unknown>[];
  /** What has no counterpart here, or must be looked at. */
  notes: ImportNote[];
  /** Variables of the environment that stand for secrets, which are not written into a file. */
  variables: string[];
}

export interface ImportNote {
  monitor: string;
  message: string;
}

/** Collects what is read, and keeps names apart. */
export class ImportBuilder {
  readonly #source: string;
  readonly #monitors: Record<string, unknown>[] = [];
  readonly #notes: ImportNote[] = [];
  readonly #variables = new Set<string>();
  readonly #slugs = new Set<string>();

  constructor(source: string) {
    this.#source = source;
  }

  /** Adds a monitor, if its kind takes what was read. */
  add(monitor: Record<string, unknown>): void {
    const item = Object.fromEntries(Object.entries(monitor).filter(([, value]) => value !== undefined));
    const name = this.#freeName(String(item['name'] ?? 'Monitor'));
    const kind = (item['kind'] ?? 'http') as MonitorKindName;
    const parsed = MONITOR_SHAPES[kind].safeParse({ ...item, name });
    if (parsed.success) this.#monitors.push({ ...item, name });
    else {
      const [issue] = parsed.error.issues;
      this.note(name, `left out: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not understood'}`);
    }
  }

  note(monitor: string, message: string): void {
    this.#notes.push({ monitor, message });
  }

  /** A reference to a variable that takes the place of a secret. */
  secret(monitor: string, what: string): string {
    const variable = `${slug(monitor)}_${what}`
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^(\d)/, 'M_$1');
    this.#variables.add(variable);
    return `\${${variable}}`;
  }

  done(): Imported {
    return { source: this.#source, monitors: this.#monitors, notes: this.#notes, variables: [...this.#variables] };
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#slugs.has(slug(name)); number += 1) name = `${wanted} ${number}`;
    this.#slugs.add(slug(name));
    return name;
  }
}
