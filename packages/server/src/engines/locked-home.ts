import { lockHome } from './home-lock.ts';
import type { EngineHandle, Supervisor } from './supervisor.ts';

/**
 * Starts an engine in a folder that no other program may use until the engine was stopped.
 * @param home the engine's folder
 * @throws {YumOpsError} `engine_in_use`, and what `start` throws
 */
export async function startInLockedHome(
  home: string,
  program: string,
  start: () => Promise<{ url: string; supervisor: Supervisor }>,
): Promise<EngineHandle> {
  const lock = await lockHome(home, program);
  try {
    const { url, supervisor } = await start();
    return {
      url,
      get pid() {
        return supervisor.pid;
      },
      onExit: (listener) => supervisor.onExit(listener),
      async stop() {
        await supervisor.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
