/** A real Redis on a port of its own, which can be killed and comes back empty, as a cache does. */
export class RedisServer {
  /** @param settings further arguments of `redis-server` */
  static start(settings?: readonly string[]): Promise<RedisServer>;
  private constructor(port: number, settings: readonly string[]);
  readonly port: number;
  get runs(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Ends it and deletes its folder. */
  remove(): Promise<void>;
}
