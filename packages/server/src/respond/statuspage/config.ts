import { z } from 'zod';
import type { Report } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { listOf, slug, textsShape } from '../../lib/section.ts';
import { isTimeZone } from '../../lib/zoned-time.ts';

/** Something that visitors know by a name of its own. */
export interface PageComponent {
  id: string;
  name: string;
  group: string | null;
  description: string;
  /** Names of monitors; they are never shown. */
  monitors: readonly string[];
}

/** The public status page. */
export interface StatusPageConfig {
  title: string;
  /** Where visitors find it, without a slash at the end; null = `/status` of the platform. */
  url: string | null;
  /** Zone of times for visitors without a zone of their own. */
  timeZone: string;
  components: readonly PageComponent[];
  /** Where the static copy is written; null = nowhere. */
  snapshot: string | null;
  /** Words that never stand on the page, beside the names that the configuration has. */
  privateWords: readonly string[];
  /** Webhooks of subscribers may lead to private addresses. */
  allowPrivate: boolean;
}

const componentShape = z.strictObject({
  name: z.string().min(1).describe('What visitors call it'),
  group: z.string().optional().describe('Heading under which it stands'),
  description: z.string().optional().describe('What it is, for visitors'),
  monitors: textsShape.optional().describe('Monitors whose checks it stands for; their names are not shown'),
});

export const statusPageShape = z.strictObject({
  title: z.string().optional().describe('Heading, default the service'),
  url: z.string().optional().describe('Where visitors find it, default /status of public_url'),
  time_zone: z.string().optional().describe('Zone of times for visitors without one of their own, default UTC'),
  components: z.array(componentShape).optional().describe('What visitors know, in the order of the page'),
  snapshot: z
    .string()
    .optional()
    .describe(
      'Where a static copy is kept for when the platform is away: file:./folder, s3://bucket/prefix or https://…',
    ),
  private_words: textsShape
    .optional()
    .describe('Words that a post must not have, beside the names of monitors and rules'),
  allow_private: z
    .boolean()
    .optional()
    .describe('Webhooks of subscribers may lead to private addresses, default false'),
});

export type RawStatusPage = z.infer<typeof statusPageShape>;

/** Compiles `status_page:`; paths count from that key. */
export function compileStatusPage(
  raw: RawStatusPage,
  context: { service: string; monitors: readonly string[] },
  report: Report,
): StatusPageConfig {
  const components = (raw.components ?? []).map((component, index): PageComponent => {
    const monitors = listOf(component.monitors);
    for (const [at, name] of monitors.entries()) {
      if (context.monitors.includes(name)) continue;
      const suggestion = didYouMean(name, context.monitors) ?? 'name one of monitors';
      const path = ['components', index, 'monitors', at];
      report({ code: 'E304', path, message: `there is no monitor "${name}"`, suggestion });
    }
    const { name, group = null, description = '' } = component;
    return { id: slug(name), name, group, description, monitors };
  });
  lintComponents(components, report);
  const timeZone = raw.time_zone ?? 'UTC';
  if (!isTimeZone(timeZone)) {
    const message = `"${timeZone}" is not a time zone`;
    report({ code: 'E103', path: ['time_zone'], message, suggestion: 'write for example Europe/Berlin' });
  }
  if (raw.url !== undefined && !URL.canParse(raw.url) && !raw.url.startsWith('$')) {
    report({
      code: 'E103',
      path: ['url'],
      message: `"${raw.url}" is not an address`,
      suggestion: 'begin with https://',
    });
  }
  return {
    title: raw.title ?? context.service,
    url: raw.url?.replace(/\/+$/, '') ?? null,
    timeZone: isTimeZone(timeZone) ? timeZone : 'UTC',
    components,
    snapshot: raw.snapshot ?? null,
    privateWords: listOf(raw.private_words),
    allowPrivate: raw.allow_private ?? false,
  };
}

function lintComponents(components: readonly PageComponent[], report: Report): void {
  for (const [index, { id, name }] of components.entries()) {
    if (components.findIndex((one) => one.id === id) === index) continue;
    const path = ['components', index, 'name'];
    report({ code: 'E106', path, message: `"${name}" stands here twice`, suggestion: 'give it another name' });
  }
}
