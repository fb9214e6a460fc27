import { createRequire } from 'node:module';
import { YumOpsError } from '../../lib/errors.ts';

/** The platforms that chDB is built for; Linux means glibc. */
const PACKAGES: Record<string, string> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
};

interface Runtime {
  platform: string;
  arch: string;
  /** False on musl. */
  glibc: boolean;
}

/**
 * The package with chDB's library for this machine.
 * @throws {YumOpsError} `telemetry_engine_unavailable` where there is none
 */
export function chdbPackage(runtime: Runtime = thisRuntime()): string {
  const key = `${runtime.platform}-${runtime.arch}`;
  const name = PACKAGES[key];
  if (name === undefined) throw unavailable(`chDB has no build for ${key}.`);
  if (runtime.platform === 'linux' && !runtime.glibc) throw unavailable('chDB has no build for Linux with musl.');
  const fromHere = createRequire(import.meta.url);
  try {
    createRequire(fromHere.resolve('chdb/package.json')).resolve(name);
  } catch {
    throw unavailable(`The package ${name} is not installed.`);
  }
  return name;
}

function thisRuntime(): Runtime {
  const header = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header;
  return { platform: process.platform, arch: process.arch, glibc: header?.glibcVersionRuntime !== undefined };
}

function unavailable(reason: string): YumOpsError {
  return new YumOpsError('telemetry_engine_unavailable', `The embedded telemetry engine cannot run here: ${reason}`, {
    hint: 'Set YUMOPS_TELEMETRY_URL to a ClickHouse server, for example http://user:password@clickhouse:8123/yumops.',
  });
}
