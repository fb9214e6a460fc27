import type { SecurityDetection } from '@yumops/protocol';
import type { LiveExample } from './live-example.mjs';

interface Found {
  /** What the detector says it takes. */
  threshold: number;
  /** How much of it had happened when the attack was detected. */
  detectedAfter: number;
  /** How a guest fared meanwhile who is no attacker. */
  honest: number;
}

export function sharedAddress(live: LiveExample, guests: number): Promise<{ lockedOut: number; detections: number }>;

export function spraying(
  live: LiveExample,
  accounts: number,
): Promise<Found & { refusedAfter: number; refused: number; page: Response }>;

export function stuffing(
  live: LiveExample,
  addresses: number,
): Promise<Found & { blocked: number; challenged: string[] }>;

export function slowGuessing(live: LiveExample): Promise<Found & { statuses: number[] }>;

export function guessing(
  live: LiveExample,
  attack: { address: string; guest: number; spoof?: boolean },
): Promise<Found & { statuses: number[]; detection: SecurityDetection }>;
