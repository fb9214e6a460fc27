/** Holds the session's token. */
export const SESSION_COOKIE = 'yumzoom_session';
