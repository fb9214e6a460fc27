import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf } from './errors.ts';
import { startOf } from './process-identity.ts';

/** A process that something belongs to, told from every other on its machine also after it has ended. */
export interface ProcessOwner {
  machine: string;
  /** Of its process numbers: each container has its own; null where the system does not say. */
  namespace: string | null;
  pid: number;
  /** As `startOf` says it. */
  start: string;
}

/** The namespace of a machine outside of all containers. */
const OUTERMOST = 'pid:[4026531836]';

/** This process. */
export function currentOwner(): ProcessOwner {
  return { ...here(), pid: process.pid, start: startOf(process.pid) ?? '' };
}

/**
 * Whether a process has ended for certain. What cannot be known, such as of another machine or container, has not.
 * @param seen where its mark was found: `here` = on this machine's own disk, `shared` = where machines and containers write
 */
export function hasEnded({ machine, namespace, pid, start }: ProcessOwner, seen: 'here' | 'shared'): boolean {
  const ours = here();
  if (machine !== ours.machine || namespace !== ours.namespace) return false;
  if (namespace === null) return seen === 'here' && startOf(pid) !== start;
  // Copies of a virtual machine have one name and each a boot of its own.
  if (bootOf(start) !== bootOf(startOf(process.pid) ?? '')) return seen === 'here' && namespace === OUTERMOST;
  const found = startOf(pid);
  return found === undefined ? !isHidden(pid) : found !== start;
}

/** A process in letters, digits and `_`, at most 30, for names of what belongs to it. */
export function ownerTag({ machine, namespace, pid, start }: ProcessOwner): string {
  return `${short(machine, namespace ?? '', bootOf(start))}_${pid}_${short(start)}`;
}

/** Whether the process of a tag has ended for certain, wherever the tag was found. */
export function tagHasEnded(tag: string): boolean {
  const ours = currentOwner();
  const [place, pid] = tag.split('_');
  if (ours.namespace === null || place !== ownerTag(ours).split('_')[0] || !/^\d+$/.test(pid ?? '')) return false;
  const start = startOf(Number(pid));
  return start === undefined ? !isHidden(Number(pid)) : ownerTag({ ...ours, pid: Number(pid), start }) !== tag;
}

function short(...parts: (string | undefined)[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 10);
}

const bootOf = (start: string) => start.split('/')[0];

function here(): Pick<ProcessOwner, 'machine' | 'namespace'> {
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'));
  return { machine: read(() => readFileSync('/etc/machine-id', 'utf8').trim()) ?? hostname(), namespace };
}

function read(look: () => string): string | null {
  try {
    return look();
  } catch {
    return null;
  }
}

/** Some systems show a user only its own processes. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
