// Kills `yumops backup now` at random moments and looks at what is left.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { seededRandom } from './seeded-random.mjs';

const COMMAND = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));

/** Runs a command to its end. @returns its exit code and what it printed as JSON */
async function run(folder, args) {
  const child = spawn(
    process.execPath,
    [COMMAND, 'backup', ...args, '--config', folder, '--data', `${folder}/data`, '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, answer: JSON.parse(text) };
}

/** Starts a backup and kills it after `ms`. @returns whether it had ended by itself */
async function killAfter(folder, ms) {
  const child = spawn(
    process.execPath,
    [COMMAND, 'backup', 'now', 'nightly', '--config', folder, '--data', `${folder}/data`],
    {
      stdio: 'ignore',
    },
  );
  const closed = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  await closed;
  clearTimeout(timer);
  return child.exitCode === 0;
}

/** Milliseconds that one backup takes here, start of the program included, and a little more. */
async function usualSpan(folder) {
  const since = performance.now();
  await run(folder, ['now', 'nightly']);
  return 1.15 * (performance.now() - since);
}

/**
 * Kills `rounds` backups at moments between 0 and `span` ms (default: what one backup takes here). Every backup that the list calls good afterwards must open
 * to its last byte, and the next one must work.
 * @returns counts for a report
 */
export async function killBackups({ folder, rounds, span, seed }) {
  const random = seededRandom(seed);
  const within = span ?? (await usualSpan(folder));
  let finished = 0;
  for (let round = 0; round < rounds; round++) if (await killAfter(folder, random() * within)) finished++;
  const { answer } = await run(folder, ['list']);
  const good = answer.backups.filter(({ status }) => status === 'good');
  for (const { id } of good) {
    const { answer: verdict } = await run(folder, ['verify', id, '--level', '1']);
    if (!verdict.ok) throw new Error(`${id} is called good and is not: ${JSON.stringify(verdict.findings)}`);
  }
  const last = await run(folder, ['now', 'nightly']);
  if (last.code !== 0) throw new Error(`after the kills no backup works: ${JSON.stringify(last.answer)}`);
  const proof = await run(folder, ['verify', last.answer.id, '--level', '3']);
  if (!proof.answer.ok)
    throw new Error(`the backup after the kills is not good: ${JSON.stringify(proof.answer.findings)}`);
  return { rounds, span: Math.round(within), finished, good: good.length, listed: answer.backups.length };
}
