import { detailed } from '../../../monitor';

export const dynamic = 'force-dynamic';
export const GET = detailed;
