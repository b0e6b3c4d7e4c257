import { ServiceError } from '../lib/errors.ts';

/** A conflict of uniqueness, found by a unique index. */
abstract class ConflictError extends ServiceError {
  readonly status = 400;
}

/** Another campaign that is not INACTIVE has this domain. */
export class DomainNameConflictError extends ConflictError {
  readonly type = 'DOMAIN_NAME_CONFLICT';
  constructor() {
    super('Another campaign uses this domain.');
  }
}

/** Another campaign that is not INACTIVE has this name. */
export class CampaignNameConflictError extends ConflictError {
  readonly type = 'CAMPAIGN_NAME_CONFLICT';
  constructor() {
    super('Another campaign has this name.');
  }
}

/** Another market of the campaign has this name. */
export class MarketNameConflictError extends ConflictError {
  readonly type = 'MARKET_NAME_CONFLICT';
  constructor() {
    super('Another market of this campaign has this name.');
  }
}

/** Another market of the campaign has one of these event ids. */
export class MarketEventConflictError extends ConflictError {
  readonly type = 'MARKET_EVENT_CONFLICT';
  constructor() {
    super('Another market of this campaign has one of these events.');
  }
}

/** Another promoter has this name. */
export class PromoterNameConflictError extends ConflictError {
  readonly type = 'PROMOTER_NAME_CONFLICT';
  constructor() {
    super('Another promoter has this name.');
  }
}

/** A business rule of campaigns or markets is broken; the message says which. */
export class InvalidCampaignError extends ServiceError {
  readonly type = 'INVALID_CAMPAIGN';
  readonly status = 400;
}

/** Another campaign, of whatever status, has this identifier. */
export class IdentifierConflictError extends InvalidCampaignError {
  constructor() {
    super('Another campaign has this identifier.', { details: [{ path: '/identifier', message: 'is taken' }] });
  }
}

/** The change of status is not a transition of the state machine. */
export class InvalidStatusChangeError extends ServiceError {
  readonly type = 'INVALID_CAMPAIGN_STATUS_CHANGE';
  readonly status = 400;
  constructor(from: string, to: string) {
    super(`A campaign cannot go from ${from} to ${to}.`);
  }
}

/** A presale window has one end, or a category has no window. */
export class MissingPresaleWindowDateError extends ServiceError {
  readonly type = 'MISSING_PRESALE_WINDOW_DATE';
  readonly status = 400;
}

/** A presale window ends before it begins. */
export class InvalidPresaleWindowOrderError extends ServiceError {
  readonly type = 'INVALID_PRESALE_WINDOW_DATE_ORDER';
  readonly status = 400;
  constructor() {
    super('The presale window must begin before it ends.');
  }
}

/** The campaign is protected, and the password is missing or wrong. */
export class InvalidCampaignPasswordError extends ServiceError {
  readonly type = 'INVALID_CAMPAIGN_PASSWORD';
  readonly status = 401;
  constructor() {
    super('The campaign is protected by a password: send it as x-campaign-password.');
  }
}

abstract class NotFoundError extends ServiceError {
  readonly status = 404;
}

export class CampaignNotFoundError extends NotFoundError {
  readonly type = 'CAMPAIGN_NOT_FOUND';
  constructor() {
    super('There is no such campaign.');
  }
}

export class MarketNotFoundError extends NotFoundError {
  readonly type = 'MARKET_NOT_FOUND';
  constructor() {
    super('There is no such market in this campaign.');
  }
}

export class EventNotFoundError extends NotFoundError {
  readonly type = 'EVENT_NOT_FOUND';
  constructor() {
    super('There is no such event.');
  }
}

export class ArtistNotFoundError extends NotFoundError {
  readonly type = 'ARTIST_NOT_FOUND';
  constructor() {
    super('There is no such artist in the Discovery API.');
  }
}

export class VenueNotFoundError extends NotFoundError {
  readonly type = 'VENUE_NOT_FOUND';
  constructor() {
    super('There is no such venue in the Discovery API.');
  }
}

export class PromoterNotFoundError extends NotFoundError {
  readonly type = 'PROMOTER_NOT_FOUND';
  constructor() {
    super('There is no such promoter.');
  }
}

export class ContactNotFoundError extends NotFoundError {
  readonly type = 'CONTACT_NOT_FOUND';
  constructor() {
    super('There is no such contact.');
  }
}

/** The type of an event has the right form and names nothing that can be asked for here. */
export class EventTypeUnknownError extends ServiceError {
  readonly type = 'EVENT_TYPE_UNKNOWN';
  readonly status = 400;
  constructor() {
    super('There is no event of this type that can be sent here.');
  }
}

/** A request waited longer than repeats of it can be told from new ones. */
export class EventExpiredError extends ServiceError {
  readonly type = 'EVENT_EXPIRED';
  readonly status = 410;
  constructor() {
    super('The request is too old: whether it was carried out before cannot be told any more. Read, then ask anew.');
  }
}

/** A caller has as many of something (connections, subscriptions, requests under way) as it may have. */
export class LimitExceededError extends ServiceError {
  readonly type = 'LIMIT_EXCEEDED';
  readonly status = 429;
  constructor(message = 'The caller has as many as it may have.') {
    super(message);
  }
}
