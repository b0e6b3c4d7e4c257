import { SYSTEM } from './datastore/users.ts';
import { type Actor } from './policy.ts';

/** The service itself, where no caller is behind what is done. */
export const systemActor: Actor = { userId: SYSTEM, supreme: true, campaigns: new Map(), issuedAt: 0 };
