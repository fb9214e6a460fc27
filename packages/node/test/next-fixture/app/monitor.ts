import { health } from '@yumops/node/health';

export const { status, detailed } = health();
