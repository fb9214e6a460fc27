/** A time as every list of a command shows it: `2026-03-04 11:59:07Z`. @param iso in UTC, as the API tells it */
export const shownTime = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')}Z`;
