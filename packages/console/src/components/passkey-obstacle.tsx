import type { PasskeyObstacle } from '../api/passkeys.ts';

/** Why a passkey cannot be used here, with the way to where it can. */
export function PasskeyObstacleNote({ obstacle }: { obstacle: PasskeyObstacle | null }) {
  if (obstacle === null) return null;
  const { reason, instead } = obstacle;
  if (instead === null) return <>{reason}</>;
  return (
    <>
      {reason} Open <a href={instead}>{new URL(instead).origin}</a> instead.
    </>
  );
}
