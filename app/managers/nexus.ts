import { type ManagerContext } from '../context.ts';
import { type EventInterest, type EventStreamer } from '../services/event-door.ts';

type Context = ManagerContext<never>;

/** Carries out an event that is a request, as if it came over the channel, and gives its answer. Throws what it failed of. */
export function emitEvent(ctx: Context, envelope: unknown): Promise<unknown> {
  return ctx.service.events.emit(ctx, envelope);
}

/** Gives what streams the events that are wanted, of campaigns that the caller may read. Throws as `EventDoor.listen`. */
export function listenToEvents(ctx: Context, interest: EventInterest): Promise<EventStreamer> {
  return ctx.service.events.listen(ctx, interest);
}
