import 'server-only';
import { query } from '@/lib/database/pool';

/** Changes how a guest is named and where they are at home. */
export async function updateProfile(userId: number, displayName: string, homeCity: string): Promise<void> {
  await query('UPDATE user_profiles SET display_name = $2, home_city = $3 WHERE id = $1', [
    userId,
    displayName,
    homeCity,
  ]);
}
