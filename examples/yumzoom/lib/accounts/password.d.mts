/** Hashes a password with scrypt and a fresh salt: `scrypt$N$r$p$salt$key`. */
export function hashPassword(password: string): Promise<string>;
/** Compares a password with a stored hash in constant time. */
export function verifyPassword(password: string, stored: string): Promise<boolean>;
