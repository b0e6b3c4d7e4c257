import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type RefreshPayload, refreshPayload } from '../../../schemas/channel-requests.ts';
import { type ActionRequest, type Bus, type Caller } from '../bus.ts';
import { type EventPayload } from '../envelope.ts';

/** What the service says of itself on the channel. */
export type ReadHealth = () => Promise<EventPayload>;

/** Takes a new token for the one that a caller is connected with. Gives what the answer says. */
export type RefreshToken = (caller: Caller, token: string) => Promise<EventPayload>;

/** Registers what can be asked about the connection and the service itself. */
export function registerSessionActions(
  bus: Bus,
  {
    refreshToken,
    readHealth,
    services,
  }: {
    readonly refreshToken: RefreshToken;
    readonly readHealth: ReadHealth;
    /** The services whose health can be asked for. */
    readonly services: readonly string[];
  },
): void {
  const tokens: Validator<RefreshPayload> = createValidator(refreshPayload);
  const refresh = async ({ envelope, caller }: ActionRequest): Promise<EventPayload> => {
    const { payload } = envelope as { payload: unknown };
    tokens.throwIfInvalid(payload);
    return refreshToken(caller, payload.token);
  };
  // A token is nobody else's business.
  bus.registerAction('auth', 'refresh', 1, refresh, { isPrivate: true });
  for (const service of services) {
    bus.registerAction(service, 'health', 1, readHealth, { isPrivate: true });
  }
}
