import { z } from 'zod';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A journey through pages in a real browser. */
export interface BrowserMonitorConfig extends MonitorBase {
  kind: 'browser';
  /** Text of the script. */
  script: string;
}

/** A browser costs more than a request. */
const DEFAULTS = { check_interval: '5m', timeout: '60s' };

/** An item of `monitors:` of kind browser, as written. */
export const browserMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('browser'),
  script: z
    .string()
    .min(1)
    .describe('Module whose default export is async ({page}) => {…} of Playwright, as file:PATH or as text'),
});

export function compileBrowser(
  raw: z.infer<typeof browserMonitorShape>,
  compiler: MonitorCompiler,
): BrowserMonitorConfig {
  const script = compiler.text(raw.script, ['script']);
  const url = raw.script.startsWith('file:') ? raw.script.slice('file:'.length) : 'script';
  return { kind: 'browser', ...compiler.base({ ...DEFAULTS, ...raw }, { url, target: url }), script };
}
