import {
  type campaignStreamMessage,
  type dataPipelineMessage,
  messageDocumentFields,
  type refreshSelectionsMessage,
} from '../../schemas/campaign-stream-message.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type OutgoingMessage } from '../services/message-sender.ts';

/** The slices of the database that messages are made from. */
export type MessageSources = {
  readonly campaigns: Pick<Datastores['campaigns'], 'findByIds'>;
  readonly markets: Pick<Datastores['markets'], 'findByIds' | 'findEventIdsByCampaign'>;
};

/** Makes the messages of changes, in their order. Throws what the database throws. */
export type MessageMaker = (
  changes: readonly ChangeRecord[],
  traceparent: string | undefined,
) => Promise<OutgoingMessage[]>;

/** The versions of the schemas: one more when a message can no longer be read as before. */
const SCHEMA_VERSION = 1;

type Fields = Readonly<Record<string, unknown>>;
type CollectionName = keyof typeof messageDocumentFields;

/** The campaign that a change belongs to. */
export function selectCampaignId({
  campaignId,
  documentId,
}: {
  readonly campaignId?: string | undefined;
  readonly documentId: string;
}): string {
  return campaignId ?? documentId;
}

/**
 * Makes the messages of a stream: each shows its document as it is now, which is never older than the change. Reads
 * three times, however many changes there are.
 */
export function createStreamMessages({ campaigns, markets }: MessageSources): MessageMaker {
  return async (changes, traceparent) => {
    const campaignIds = [...new Set(changes.map(selectCampaignId))];
    const marketIds = changes.flatMap(change =>
      change.collection === 'markets' && change.content === undefined ? change.documentId : [],
    );
    const [ofCampaigns, ofMarkets, eventIds] = await Promise.all([
      campaigns.findByIds(campaignIds),
      markets.findByIds(marketIds),
      markets.findEventIdsByCampaign(campaignIds),
    ]);
    const documents = new Map<string, { readonly _id: string; readonly version: number }>();
    for (const document of [...ofCampaigns, ...ofMarkets]) documents.set(document._id, document);
    const eventIdsOf = new Map(ofCampaigns.map(campaign => [campaign._id, campaign.eventIds ?? []]));
    return changes.map(change => {
      const campaignId = selectCampaignId(change);
      const found =
        change.content === undefined
          ? documents.get(change.documentId)
          : { ...change.content, _id: change.documentId, version: change.version };
      return toMessage(change, traceparent, {
        schema: 'campaignStreamMessage' satisfies (typeof campaignStreamMessage)['$id'],
        document: found === undefined ? null : formatDocument(selectCollection(change), found),
        documentVersion: found?.version ?? null,
        eventIds: [...new Set([...(eventIdsOf.get(campaignId) ?? []), ...(eventIds.get(campaignId) ?? [])])].sort(),
      });
    });
  };
}

/** Makes the notices for the data pipeline, from the changes alone. */
export const createPipelineMessages: MessageMaker = async (changes, traceparent) =>
  changes.map(change =>
    toMessage(change, traceparent, { schema: 'dataPipelineMessage' satisfies (typeof dataPipelineMessage)['$id'] }),
  );

/** Makes the messages that ask for a market's selection, from the changes alone. */
export const createRefreshSelectionsMessages: MessageMaker = async (changes, traceparent) =>
  changes.map(change =>
    toMessage(change, traceparent, {
      schema: 'refreshSelectionsMessage' satisfies (typeof refreshSelectionsMessage)['$id'],
      marketId: change.documentId,
    }),
  );

function toMessage(
  change: ChangeRecord,
  traceparent: string | undefined,
  { schema, ...particulars }: Fields & { readonly schema: string },
): OutgoingMessage {
  const { _id: changeId, cause, documentId, version, at, correlation } = change;
  const campaignId = selectCampaignId(change);
  const collection = selectCollection(change);
  const body = {
    schema,
    schemaVersion: SCHEMA_VERSION,
    changeId,
    cause,
    collection,
    documentId,
    campaignId,
    version,
    at,
    correlation,
    ...(traceparent !== undefined && { traceparent }),
    deleted: change.content !== undefined,
    changedFields: selectChangedFields(collection, change),
    ...particulars,
  };
  return {
    changeId,
    campaignId,
    body: JSON.stringify(body),
    attributes: { correlation, ...(traceparent !== undefined && { traceparent }) },
  };
}

/** Only campaigns and markets have effects. */
function selectCollection({ collection }: ChangeRecord): CollectionName {
  return collection === 'markets' ? 'markets' : 'campaigns';
}

function selectChangedFields(collection: CollectionName, { diff }: ChangeRecord): string[] {
  return messageDocumentFields[collection].filter(
    field => Object.hasOwn(diff.before, field) || Object.hasOwn(diff.after, field),
  );
}

/** Gives the fields of a document that messages show; of a password only whether there is one. */
function formatDocument(collection: CollectionName, document: object): Fields {
  const stored = document as Fields;
  const shown: Record<string, unknown> = {};
  for (const field of messageDocumentFields[collection]) if (stored[field] !== undefined) shown[field] = stored[field];
  if (stored['password'] !== undefined) shown['isPasswordProtected'] = true;
  return shown;
}
