import { status } from '../../monitor';

export const dynamic = 'force-dynamic';
export const GET = status;
