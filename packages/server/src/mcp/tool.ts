import type { z } from 'zod';
import type { Role } from '../http/access.ts';

/** The platform's REST API, as the one who calls the tool may use it. Its refusals are thrown as they are. */
export interface ToolApi {
  /** Milliseconds since the epoch. */
  now: number;
  get<Answer>(path: string, query?: Record<string, string | undefined>): Promise<Answer>;
  post<Answer>(path: string, body?: unknown): Promise<Answer>;
}

/** What a tool answers: small, and with the console's page on which a person sees the same. */
export interface ToolAnswer {
  [field: string]: unknown;
  /** A path of the console; it leaves the platform as an address. */
  link: string;
}

/** Something that an agent can look at or do. */
export interface Tool {
  name: string;
  title: string;
  /** For the model: what it answers, and when to call it. */
  description: string;
  /** Who may call it at least. */
  role: Role;
  /** Whether it changes anything. */
  writes: boolean;
  input: z.ZodObject;
  run(api: ToolApi, input: unknown): Promise<ToolAnswer>;
}

/** Declares a tool; its input is checked before `run` sees it. */
export function tool<Input extends z.ZodObject>(
  definition: Omit<Tool, 'input' | 'run' | 'writes' | 'role'> & {
    role?: Role;
    input: Input;
    run(api: ToolApi, input: z.output<Input>): Promise<ToolAnswer>;
  },
): Tool {
  const { role = 'viewer', run, ...rest } = definition;
  return { ...rest, role, writes: role !== 'viewer', run: (api, input) => run(api, input as z.output<Input>) };
}

/** The parts of a list's items that an agent needs, and how many there are beyond. */
export function listed<Item extends object, Key extends keyof Item>(
  page: { items: Item[]; nextCursor?: string | null },
  keys: readonly Key[],
): { items: Pick<Item, Key>[]; more: boolean } {
  return { items: page.items.map((item) => pick(item, keys)), more: (page.nextCursor ?? null) !== null };
}

/** An object with some of the fields of another. */
export function pick<Item extends object, Key extends keyof Item>(item: Item, keys: readonly Key[]): Pick<Item, Key> {
  return Object.fromEntries(keys.map((key) => [key, item[key]])) as Pick<Item, Key>;
}
