#!/usr/bin/env node
// npm links a command when it installs, before anything is compiled: this file is there from the start.
import { existsSync } from 'node:fs';

const command = new URL('../dist/cli/bin.js', import.meta.url);
if (existsSync(command)) await import(command.href);
else {
  console.error('yumops: The packages are not compiled yet.\n  Run `npm run build` first, or `npm start`.');
  process.exitCode = 1;
}
