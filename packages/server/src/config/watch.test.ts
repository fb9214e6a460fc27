import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../lib/clock.ts';
import type { Config, LoadedConfig } from './config.ts';
import { loadConfig } from './load.ts';
import { decideReload, type Reload, watchConfig } from './watch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-watch-'));
  mkdirSync(join(folder, 'monitoring'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function watch(env: Record<string, string> = {}) {
  const clock = new FakeClock();
  const options = { path: folder, env };
  const loaded = loadConfig(options) as LoadedConfig & { config: Config };
  const reloads: Reload[] = [];
  const watcher = watchConfig({ ...options, clock, loaded }, (reload) => reloads.push(reload));
  return { clock, reloads, watcher };
}

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

describe('a change of the files', () => {
  test('replaces the configuration when they stood still for one look', async () => {
    put('yumops.yml', 'service: a\n');
    const { clock, reloads, watcher } = watch();
    await clock.advance(5_000);
    expect(reloads).toEqual([]);
    put('yumops.yml', 'service: half');
    await clock.advance(1_000);
    put('yumops.yml', 'service: whole\n');
    await clock.advance(1_000);
    expect(reloads).toEqual([]);
    await clock.advance(1_000);
    expect(reloads).toMatchObject([{ kind: 'replaced', config: { service: 'whole' } }]);
    await clock.advance(5_000);
    expect(reloads).toHaveLength(1);
    watcher.stop();
  });

  test('that is bad keeps the configuration, says where, and is told once', async () => {
    put('yumops.yml', 'service: a\n');
    const { clock, reloads, watcher } = watch();
    put('yumops.yml', 'servce: b\n');
    await clock.advance(5_000);
    expect(reloads).toMatchObject([
      { kind: 'kept', reason: expect.stringContaining('yumops.yml:1:1 E101 unknown key "servce"') },
    ]);
    put('yumops.yml', 'service: c\n');
    await clock.advance(5_000);
    expect(reloads.slice(1)).toMatchObject([{ kind: 'replaced', config: { service: 'c' } }]);
    watcher.stop();
  });

  test('by rename, a new included file and a file of a secret are seen too', async () => {
    put('yumops.yml', 'integrations: {slack: {webhook: "file:hook"}}\n');
    put('hook', 'https://chat.example.com/one');
    const { clock, reloads, watcher } = watch();
    put('new.yml', 'integrations: {slack: {webhook: "file:hook"}}\nservice: renamed\n');
    renameSync(join(folder, 'new.yml'), join(folder, 'yumops.yml'));
    await clock.advance(2_000);
    put('monitoring/more.yml', 'public_url: https://ops.example.com/\n');
    await clock.advance(2_000);
    put('hook', 'https://chat.example.com/two!');
    await clock.advance(2_000);
    expect(reloads).toMatchObject([
      { config: { service: 'renamed' } },
      { config: { publicUrl: 'https://ops.example.com' } },
      { kind: 'replaced' },
    ]);
    const last = reloads[2];
    expect(last?.kind === 'replaced' && last.config.integrations.slack?.webhook?.reveal()).toBe(
      'https://chat.example.com/two!',
    );
    watcher.stop();
  });

  test('that adds the first main file is seen', async () => {
    const { clock, reloads, watcher } = watch();
    put('yumops.yml', 'service: late\n');
    await clock.advance(2_000);
    expect(reloads).toMatchObject([{ kind: 'replaced', config: { service: 'late' } }]);
    watcher.stop();
  });

  test('that removes everything keeps the configuration', async () => {
    put('yumops.yml', 'service: a\n');
    const { clock, reloads, watcher } = watch();
    rmSync(join(folder, 'yumops.yml'));
    await clock.advance(2_000);
    expect(reloads).toMatchObject([
      { kind: 'kept', reason: 'The configuration files are gone. The configuration of before stays.' },
    ]);
    rmSync(folder, { recursive: true });
    await clock.advance(5_000);
    expect(reloads.every(({ kind }) => kind === 'kept')).toBe(true);
    watcher.stop();
  });

  test('is not seen after stop', async () => {
    put('yumops.yml', 'service: a\n');
    const { clock, reloads, watcher } = watch();
    watcher.stop();
    put('yumops.yml', 'service: b\n');
    await clock.advance(5_000);
    expect(reloads).toEqual([]);
  });
});

test('findings about the deployment do not keep a configuration from replacing the old one', () => {
  put('yumops.yml', `integrations: {slack: {webhook: "\${MISSING}"}}\n`);
  const loaded = loadConfig({ path: folder, env: {} });
  expect(loaded.findings.map(({ code }) => code)).toEqual(['E209']);
  expect(decideReload({ files: ['yumops.yml'] }, loaded).kind).toBe('replaced');
});
