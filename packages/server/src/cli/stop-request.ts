/** Resolves when the operator, the service manager or a vanished parent asks the process to stop. */
export function stopRequest(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('SIGTERM', () => resolve('SIGTERM'));
    if (process.connected) process.once('disconnect', () => resolve('parent gone'));
  });
}
