import { createLogger } from '@yumops/node';

/** The log of the site. Service, environment, release and level come from the environment. */
export const logger = createLogger();
