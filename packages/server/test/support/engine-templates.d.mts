/** Settings of a server that may lose everything: it is a fast one. */
export const FAST: Readonly<Record<string, string>>;

/** Puts an empty database cluster of this major version into an engine's folder; a copy is faster than initdb. */
export function seedCluster(home: string, major?: 15 | 18): Promise<void>;

/** The same of PostgreSQL 18 with the schema of the state store in the database `postgres`. */
export function seedState(home: string): Promise<void>;

/** Puts the data of a telemetry engine with its schema into an engine's folder; a copy is faster than the migrations. */
export function seedTelemetry(home: string): Promise<void>;

/**
 * Puts both stores with their schemas where a platform keeps them below its data folder, so that it starts in half the
 * time; not those that are there, and none that the environment names elsewhere.
 */
export function seedPlatform(data: string, env?: NodeJS.ProcessEnv): Promise<void>;

/** Removes an engine's folder, and its data where they had to be put elsewhere. */
export function discard(home: string): Promise<void>;
