import { detailedHealthHandler } from '@yumops/node/health';
import { monitor } from '../../../monitor';

export const dynamic = 'force-dynamic';
export const GET = detailedHealthHandler(monitor);
