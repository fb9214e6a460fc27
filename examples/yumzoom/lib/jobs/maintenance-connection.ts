import 'server-only';
import { Client } from 'pg';
import { config } from '@/lib/config';

/** Runs `work` on a connection of the maintenance role, which is closed afterwards. */
export async function withMaintenance<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({
    connectionString: config.maintenanceDatabaseUrl(),
    application_name: 'yumzoom maintenance',
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
