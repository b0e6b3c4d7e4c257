import { type Logger } from '../../lib/log.ts';
import { createSeal, type Seal } from '../../lib/seal.ts';
import {
  type JournalChange,
  type JournalDocument,
  type JournalPosition,
  measurePatches,
} from '../datastore/state-journal.ts';
import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';

/** The channel on which instances tell each other how far their journals are. */
export const NEWS_CHANNEL = 'campaign-service:states';

/** The journal of a campaign has this version. */
interface News extends JournalPosition {
  readonly campaignId: string;
  /** The document that holds it, as JSON text, which spares others to read it from the journal … */
  readonly content?: string;
  /** … when the mark shows that an instance over the same database wrote it. */
  readonly mark?: string;
}

const id = { type: 'string', pattern: '^[0-9a-f]{24}$' };
const version = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };

const schema = {
  type: 'object',
  required: ['campaignId', 'version', 'changeId'],
  properties: { campaignId: id, version, changeId: id, content: { type: 'string' }, mark: { type: 'string' } },
};

/** A document of the journal as news bring it: what is said elsewhere in it is left out. */
interface Content {
  readonly id: string;
  readonly campaignId: string;
  readonly from: number;
  readonly previousId: string | null;
  readonly changes: readonly ChangeRow[];
}

/** A change, with its instant in milliseconds. */
type ChangeRow = readonly [eventId: string, patch: string, cause: string, by: string, atMs: number, bodyHash: string];

/** Larger documents, by the characters of their patches, are read from the journal. */
const MAX_CONTENT = 64 * 1024;
/** No document that may be brought makes a longer text. */
const MAX_TEXT = 1024 * 1024;
/** Each news may bring as much as that: so few go together. */
const LIMITS = { batch: 16, waitingBytes: MAX_TEXT };
/** What documents are sealed for. Whoever changes their form changes this as well: then nobody takes one for the other. */
const KEY = 'stateNews:1';
/** A key that could not be read is asked for again so much later. */
const KEY_PAUSE_MS = 1_000;

export interface StateNewsDependencies {
  readonly messages: Pick<InstanceMessages, 'openTopic'>;
  readonly selectStates: () => Pick<CampaignStateManager, 'onNews'>;
  /** Gives the key that all instances over the database have for a purpose. */
  readonly readKey: (purpose: string) => Promise<Buffer>;
  /** Whether another instance has use for the documents of a campaign. */
  readonly isFollowedElsewhere: (campaignId: string) => boolean;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Opens the news of live states: those of others are handed to the manager. They bring the document that they tell of,
 * where somebody elsewhere may want it; whoever has no use for it, or cannot believe it, reads the journal. Gives what
 * tells the others of a commit: of a campaign for which news waits already only the last is told. It never waits and
 * never throws; what is lost is found by the poll.
 */
export function openStateNews(dependencies: StateNewsDependencies): (document: JournalDocument) => void {
  const { messages, selectStates, isFollowedElsewhere, log } = dependencies;
  const seals = createSeals(dependencies);

  const pack = (document: JournalDocument): Pick<News, 'content' | 'mark'> => {
    const isOfUse = document.previousId !== undefined && isFollowedElsewhere(document.campaignId);
    if (!isOfUse || measurePatches(document.changes) > MAX_CONTENT) return {};
    const seal = seals.select();
    if (seal === undefined) return {};
    const content = format(document);
    return { content, mark: seal.mark(content) };
  };

  const unpack = ({ campaignId, version: last, changeId, content, mark }: News): JournalDocument | undefined => {
    if (content === undefined || mark === undefined || content.length > MAX_TEXT) return undefined;
    const seal = seals.select();
    if (seal === undefined) return undefined;
    try {
      if (!seal.fits(content, mark)) throw new Error('The mark is not that of the text.');
      const document = parse(content);
      const isOfIt = document.campaignId === campaignId && document._id === changeId && document.to === last;
      if (!isOfIt) throw new Error('The document is not the one that is told of.');
      return document;
    } catch (error) {
      log.warn('state.news.notBelieved', { campaignId, error });
      return undefined;
    }
  };

  const topic = messages.openTopic<News>({
    topic: 'stateNews',
    channel: NEWS_CHANNEL,
    schema,
    measure: ({ content = '' }) => content.length,
    shrink: ({ campaignId, version: last, changeId }) => ({ campaignId, version: last, changeId }),
    limits: LIMITS,
    onMessage: news => selectStates().onNews(news.campaignId, news.version, news.changeId, () => unpack(news)),
  });

  return document => {
    const { _id: changeId, campaignId, to } = document;
    topic.publish(campaignId, { campaignId, version: to, changeId, ...pack(document) });
  };
}

/** Gives the seal once its key is there. Nobody waits for that: the key is read when it is asked for first. */
function createSeals({ readKey, log }: StateNewsDependencies): { select(): Seal | undefined } {
  let seal: Seal | undefined;
  let isReading = false;
  let readAtMs = -Infinity;
  const open = async (): Promise<void> => {
    isReading = true;
    readAtMs = performance.now();
    try {
      seal = createSeal(await readKey(KEY));
    } catch (error) {
      log.warn('state.news.noKey', { error });
    }
    isReading = false;
  };
  return {
    select() {
      if (seal === undefined && !isReading && performance.now() - readAtMs >= KEY_PAUSE_MS) void open();
      return seal;
    },
  };
}

function format({ _id, campaignId, from, previousId = null, changes }: JournalDocument): string {
  const rows = changes.map(({ eventId, patch, cause, by, at, bodyHash }): ChangeRow => {
    return [eventId, patch, cause, by, at.getTime(), bodyHash];
  });
  return JSON.stringify({ id: _id, campaignId, from, previousId, changes: rows } satisfies Content);
}

/** Reads what `format` made: a seal shows that it did. */
function parse(text: string): JournalDocument {
  const { id: _id, campaignId, from, previousId, changes: rows } = JSON.parse(text) as Content;
  const changes = rows.map(([eventId, patch, cause, by, atMs, bodyHash], at): JournalChange => {
    return { version: from + at, eventId, patch, cause, by, at: new Date(atMs), bodyHash };
  });
  return { _id, campaignId, from, to: from + changes.length - 1, previousId, changes };
}
