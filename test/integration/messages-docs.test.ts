import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createValidator } from '../../lib/schema/validator.ts';
import {
  campaignStreamMessage,
  dataPipelineMessage,
  refreshSelectionsMessage,
} from '../../schemas/campaign-stream-message.ts';
import { messageEnvelope } from '../../schemas/message-envelope.ts';
import { formatSchemaTable } from '../support/schema-table.ts';

const page = await readFile(path.join(import.meta.dirname, '../../docs/messages.md'), 'utf8');
const ofEnvelope = Object.keys(messageEnvelope.properties);

describe('the page about messages', () => {
  it.each([
    ['messageEnvelope', messageEnvelope, []],
    ['campaignStreamMessage', campaignStreamMessage, ofEnvelope],
    ['dataPipelineMessage', dataPipelineMessage, ofEnvelope],
    ['refreshSelectionsMessage', refreshSelectionsMessage, ofEnvelope],
  ])('has the fields of %s', (name, schema, except) => {
    const [, table] = new RegExp(`<!-- ${name}:begin -->\\n([\\s\\S]*?)<!-- ${name}:end -->`).exec(page) ?? [];
    // Prettier sets blank lines around tables.
    expect(table?.trim()).toBe(formatSchemaTable(schema, except));
  });

  it('shows a message that fits the schema', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(createValidator(campaignStreamMessage).selectFaults(JSON.parse(example))).toEqual([]);
  });
});
