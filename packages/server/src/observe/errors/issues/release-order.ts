/** A release with the time at which it was first known, milliseconds since the epoch. */
export interface KnownRelease {
  version: string;
  since: number;
  /** Hashes of the commits that it brought, where that was told. */
  commits?: readonly string[];
}

/** The oldest release that is known to have a commit. @param commit its hash, or the begin of it */
export function releaseWith(commit: string, releases: Iterable<KnownRelease>): KnownRelease | undefined {
  return [...releases]
    .filter(({ commits = [] }) => commits.some((hash) => hash.toLowerCase().startsWith(commit.toLowerCase())))
    .sort(compareReleases)[0];
}

type Parsed = { package: string; numbers: number[]; pre: string | null };

const SEMVER = /^(?:(.+)@)?v?(\d+)\.(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;

/**
 * Orders two releases of a project: by their numbers where both have some (`shop@1.2.3`, `1.2.3-beta.1`), else by when
 * they were first known.
 * @returns negative when `a` is the older
 */
export function compareReleases(a: KnownRelease, b: KnownRelease): number {
  if (a.version === b.version) return 0;
  const [left, right] = [parse(a.version), parse(b.version)];
  if (left && right && left.package === right.package) {
    const byNumber = compareNumbers(left, right);
    if (byNumber !== 0) return byNumber;
  }
  return a.since - b.since || (a.version < b.version ? -1 : 1);
}

function parse(version: string): Parsed | undefined {
  const match = SEMVER.exec(version);
  if (!match) return undefined;
  return {
    package: match[1] ?? '',
    numbers: match.slice(2, 6).map((part) => Number(part ?? 0)),
    pre: match[6] ?? null,
  };
}

function compareNumbers(left: Parsed, right: Parsed): number {
  for (const [i, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[i] as number);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === null) return 1;
  if (right.pre === null) return -1;
  return comparePre(left.pre.split('.'), right.pre.split('.'));
}

function comparePre(left: readonly string[], right: readonly string[]): number {
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [a, b] = [left[i], right[i]];
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (a === b) continue;
    return comparePart(a, b);
  }
  return 0;
}

/** Numbers come before words, as semantic versioning has it. */
function comparePart(a: string, b: string): number {
  const [numberA, numberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numberA && numberB) return Number(a) - Number(b);
  if (numberA !== numberB) return numberA ? -1 : 1;
  return a < b ? -1 : 1;
}
