import { healthHandler } from '@yumops/node/health';
import { monitor } from '../../monitor';

export const dynamic = 'force-dynamic';
export const GET = healthHandler(monitor);
