import { instant, text, version } from './common.ts';

const patch = { type: 'object', description: 'A JSON merge patch.' } as const;

/** A change as history shows it. */
export const change = {
  $id: 'change',
  type: 'object',
  additionalProperties: false,
  description: 'One change of a campaign or of what belongs to it.',
  required: ['changeId', 'cause', 'collection', 'documentId', 'version', 'at', 'by', 'correlation', 'changes'],
  properties: {
    changeId: text(64, 'The id of the change.'),
    cause: text(64, 'Why the document changed.'),
    collection: text(64, 'Where the document lies.'),
    documentId: text(64, 'The id of the document.'),
    version: { ...version, description: 'The version that the change made.' },
    at: instant,
    by: text(128, 'Who changed it, by an opaque reference; `system` for the service itself.'),
    userId: text(256, 'The user behind the reference, unless erased.'),
    correlation: text(128, 'The correlation id of the request.'),
    source: {
      type: 'object',
      additionalProperties: false,
      required: ['campaignId', 'changeId'],
      description: 'The change of another campaign that this one follows from, such as a schedule that both share.',
      properties: {
        campaignId: text(64, 'The id of the other campaign.'),
        changeId: text(64, 'The id of its change.'),
      },
    },
    changes: {
      type: 'object',
      additionalProperties: false,
      required: ['before', 'after'],
      description: 'What changed: `after` makes the new content of the old one, `before` takes it back.',
      properties: { before: patch, after: patch },
    },
  },
} as const;
