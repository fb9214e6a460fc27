import { execFileSync } from 'node:child_process';

/** Child processes and workers run the built code, so tests build it first. */
export function setup() {
  execFileSync('npx', ['tsc', '-b'], { stdio: 'inherit' });
}
