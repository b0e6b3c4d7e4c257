import { type RefreshPayload } from '../../../schemas/channel-requests.ts';
import { type Caller } from '../bus.ts';
import { requests } from '../declarations.ts';
import { type EventPayload } from '../envelope.ts';
import { type Registrar } from '../registrar.ts';

/** What the service says of itself on the channel. */
export type ReadHealth = () => Promise<EventPayload>;

/** Takes a new token for the one that a caller is connected with. Gives what the answer says. */
export type RefreshToken = (caller: Caller, token: string) => Promise<EventPayload>;

/** Registers what can be asked about the connection and the service itself. */
export function registerSessionActions(
  registrar: Registrar,
  { refreshToken, readHealth }: { readonly refreshToken: RefreshToken; readonly readHealth: ReadHealth },
): void {
  registrar.request<RefreshPayload>(requests.refresh, ({ token }, { caller }) => refreshToken(caller, token));
  registrar.request(requests.campaignHealth, readHealth);
  registrar.request(requests.nexusHealth, readHealth);
}
