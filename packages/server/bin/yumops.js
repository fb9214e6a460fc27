#!/usr/bin/env node
// npm links a command when it installs, before anything is compiled: this file is there from the start.
import { statSync } from 'node:fs';

// Images and archives may carry the time zero.
const since = (path) => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? -1;
const modules = '../dist/cli/bin.js';
const bundle = '../dist/bundle/bin.js';

if (since(modules) < 0) {
  console.error('yumops: The packages are not compiled yet.\n  Run `npm run build` first, or `npm start`.');
  process.exitCode = 1;
} else {
  // The bundle loads faster; where something was compiled after it, it is out of date.
  const compiled = Math.max(since('../dist/.tsbuildinfo'), since('../../protocol/dist/.tsbuildinfo'));
  await import(since(bundle) >= 0 && since(bundle) >= compiled ? bundle : modules);
}
