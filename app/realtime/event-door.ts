import { randomUUID } from 'node:crypto';
import { UnauthenticatedError, UnauthorizedError, ValidationError } from '../../lib/errors.ts';
import { type Clock } from '../context.ts';
import { isAllowed } from '../policy.ts';
import { type Asker, type EventDoor } from '../services/event-door.ts';
import { type Bus, type Caller, isPattern } from './bus.ts';
import { type CampaignIds } from './campaign-ids.ts';
import { type Envelope, readRequest } from './envelope.ts';
import { type EventStreams } from './event-streams.ts';

export interface EventDoorDependencies {
  readonly bus: Pick<Bus, 'ask'>;
  readonly streams: Pick<EventStreams, 'open'>;
  readonly campaignIds: CampaignIds;
  readonly clock: Clock;
}

/** Makes the door for those who come by HTTP. What goes through it is told on the bus as what comes over the channel is. */
export function createEventDoor({ bus, streams, campaignIds, clock }: EventDoorDependencies): EventDoor {
  const emit = async (asker: Asker, input: unknown): Promise<Envelope> => {
    const caller = selectCaller(asker);
    const { correlation } = asker;
    return bus.ask(readRequest(input, { userId: caller.actor.userId, now: clock(), correlation }), caller);
  };

  return {
    async ask(asker, action, payload, eventId = randomUUID()) {
      return (await emit(asker, { type: `${action}:v1:requested`, eventId, payload })).payload;
    },
    emit,
    async listen(asker, { types, campaignId: given, lastEventId }) {
      const { actor } = selectCaller(asker);
      const unknown = types.find(type => !isPattern(type));
      if (unknown !== undefined) {
        const message = `names "${unknown}", which is neither a type nor the beginning of types`;
        throw new ValidationError([{ path: 'types', message }]);
      }
      const campaignId = given === undefined ? undefined : await campaignIds.resolve(given, actor);
      if (campaignId !== undefined && !isAllowed(actor, 'read', campaignId)) throw new UnauthorizedError();
      return streams.open({ actor, types, campaignId, lastEventId });
    },
  };
}

/** Makes a door that is there before what it leads to: routes know it from the beginning, and use it once the service runs. */
export function createLateDoor(select: () => EventDoor | undefined): EventDoor {
  const selectDoor = (): EventDoor => {
    const door = select();
    if (door === undefined) throw new Error('This process has no door to live states.');
    return door;
  };
  return {
    ask: async (...asked) => selectDoor().ask(...asked),
    emit: async (...asked) => selectDoor().emit(...asked),
    listen: async (...asked) => selectDoor().listen(...asked),
  };
}

function selectCaller({ actor, signal }: Asker): Caller {
  if (actor === null) throw new UnauthenticatedError();
  return { actor, signal };
}
