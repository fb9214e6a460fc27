/** A batch as it goes over the wire, with the id that all its attempts carry. */
export interface FinalBatch {
  id: string;
  /** Compressed. */
  body: Buffer;
  lines: number;
}

/** Reads `{url, headers, batches}` from stdin, sends the batches one after the other and prints how many were taken. */
const PROGRAM = `
let text = '';
process.stdin.on('data', (part) => { text += part; }).on('end', async () => {
  const { url, headers, batches } = JSON.parse(text);
  let taken = 0;
  for (const { id, body } of batches) {
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: { ...headers, 'x-yumops-batch': id }, body: Buffer.from(body, 'base64') }).catch(() => undefined);
    if (!answer?.ok) break;
    taken += 1;
  }
  process.stdout.write(String(taken));
});`;

/**
 * Sends batches while the process is already ending and its event loop no longer turns: a child process does it, for at most
 * `timeoutMs`. The key travels on the child's stdin.
 * @returns how many of the batches were taken
 */
export function deliverAtExit(
  url: URL,
  headers: Record<string, string>,
  batches: readonly FinalBatch[],
  timeoutMs: number,
): number {
  const encoded = batches.map(({ id, body }) => ({ id, body: body.toString('base64') }));
  const child = process.getBuiltinModule('node:child_process').spawnSync(process.execPath, ['-e', PROGRAM], {
    input: JSON.stringify({ url: url.href, headers, batches: encoded }),
    timeout: timeoutMs,
    env: {},
    encoding: 'utf8',
    windowsHide: true,
  });
  return Number.parseInt(child.stdout ?? '', 10) || 0;
}
