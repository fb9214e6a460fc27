/** A port of the loopback address that nobody uses, and that no program is handed by the system. */
export function freePort(): Promise<number>;
