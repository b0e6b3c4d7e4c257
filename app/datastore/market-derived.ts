import { type MarketContent } from '../../schemas/market.ts';

/** The fields of a stored market that are made from its content, for the indexes' sake. */
export interface DerivedFields {
  nameKey: string;
  eventKeys?: string[];
  notifyAt?: Date;
}

/**
 * Makes the derived fields. `nameKey` and `eventKeys` carry the uniqueness of the name and of each show within the
 * campaign; `eventKeys` is left out when empty, because a unique index takes two empty lists for equal.
 */
export function deriveFields({ campaignId, name, event, notification }: MarketContent): DerivedFields {
  const eventIds = event?.ids ?? [];
  return {
    nameKey: `${campaignId}:${name.trim().toLowerCase()}`,
    ...(eventIds.length > 0 && { eventKeys: eventIds.map(eventId => `${campaignId}:${eventId}`) }),
    ...(notification?.date && !notification.notified && { notifyAt: notification.date }),
  };
}
