/** Shows on one line of the terminal what is being done, and wipes it again. Elsewhere it says nothing. */
export function progressOn(terminal: NodeJS.WriteStream): { show(line: string): void; clear(): void } {
  if (!terminal.isTTY) return { show: () => undefined, clear: () => undefined };
  const wipe = '\r\u001b[2K';
  return {
    show: (line) => terminal.write(`${wipe}${line.slice(0, Math.max(20, terminal.columns - 1))}`),
    clear: () => terminal.write(wipe),
  };
}
