import { type Actor } from './policy.ts';

/** Names the service itself in records. */
export const SYSTEM = 'system';

/** The service itself, where no caller is behind what is done. */
export const systemActor: Actor = { userId: SYSTEM, supreme: true, campaigns: new Map(), issuedAt: 0 };
