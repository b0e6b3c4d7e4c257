import { describe, expect, it } from '@jest/globals';
import { type JournalChange, type JournalDocument } from '../../../app/datastore/state-journal.ts';
import { type Envelope } from '../../../app/realtime/envelope.ts';
import { checkHistory } from './check-history.ts';
import { type History, type HistoryEntry, type HistoryRule } from './history.ts';

const CAMPAIGN = 'c'.repeat(24);
const OTHER = 'd'.repeat(24);
const STATE = 'campaign:state:v1:success';

type Draft = { -readonly [K in keyof History]: History[K] extends readonly (infer T)[] ? T[] : History[K] };

const change = (version: number, eventId: string, patch: object, cause = 'update'): JournalChange => ({
  version,
  eventId,
  patch: JSON.stringify(patch),
  cause,
  by: 'user-1',
  at: new Date(0),
  bodyHash: '',
});

const envelope = (type: string, payload: object, causeId?: string): Envelope => ({
  type,
  eventId: `${type} ${JSON.stringify(payload)}`,
  ...(causeId !== undefined && { causeId }),
  payload: { campaignId: CAMPAIGN, ...payload },
  metadata: {},
  timestamp: '2026-03-01T12:00:00.000Z',
});

/**
 * Two writers and a reader. `e2` is sent twice, because its connection broke; the reader leaves after version 3, comes
 * back with its cursor, and lags once, so that version 6 comes as a whole state. Another client may read OTHER alone.
 */
function createHistory(): Draft {
  const document = (_id: string, previousId: string | null, ...changes: JournalChange[]): JournalDocument => {
    const [first, last] = [changes.at(0)?.version ?? 0, changes.at(-1)?.version ?? 0];
    return { _id, campaignId: CAMPAIGN, from: first, to: last, previousId, changes };
  };
  const documents: JournalDocument[] = [
    document('d1', null, change(1, 'created', { a: 0 }, 'created')),
    document('d2', 'd1', change(2, 'e1', { a: 1 }), change(3, 'e2', { features: ['x'] }, 'feature')),
    document('d4', 'd2', change(4, 'e3', { ui_content: { b: 1 } }, 'config')),
    document('d5', 'd4', change(5, 'e4', { ui_content: null }, 'rollback')),
    document('d6', 'd5', change(6, 'e5', { a: 3 }, 'batch')),
    document('d7', 'd6', change(7, 'e6', { secret: 'sesame' })),
  ];
  const entries: HistoryEntry[] = [];
  const sendings = new Map<string, number>();
  const at = (client: string, connection: number) => ({ atMs: entries.length, client, connection });
  const ask = (client: string, connection: number, action: string, eventId: string, payload: object): number => {
    const sending = (sendings.get(client) ?? 0) + 1;
    sendings.set(client, sending);
    const request = { type: `campaign:${action}:v1:requested`, eventId, payload: { campaignId: CAMPAIGN, ...payload } };
    entries.push({ ...at(client, connection), kind: 'request', sending, request });
    return sending;
  };
  const answer = (
    client: string,
    connection: number,
    sending: number,
    action: string,
    eventId: string,
    payload: object,
    state = 'success',
  ) =>
    entries.push({
      ...at(client, connection),
      kind: 'answer',
      sending,
      answer: envelope(`campaign:${action}:v1:${state}`, payload, eventId),
    });
  const frame = (client: string, connection: number, payload: object) =>
    entries.push({ ...at(client, connection), kind: 'frame', frame: envelope(STATE, payload) });
  const mark = (client: string, connection: number, kind: 'opened' | 'closed') =>
    entries.push({ ...at(client, connection), kind });
  const seen = (version: number) => {
    const document = documents.find(({ from, to }) => from <= version && version <= to);
    const { patch, by, cause } = document?.changes.find(one => one.version === version) ?? change(0, '', {});
    return { version, changeId: document?._id, patch: JSON.parse(patch) as object, by, cause };
  };
  const committed = (version: number, changeId: string, outcome = 'committed') => ({ version, changeId, outcome });

  for (const client of ['ann', 'bob', 'eve', 'kim']) mark(client, 1, 'opened');
  const first = ask('ann', 1, 'subscribe', 's1', {});
  frame('ann', 1, { version: 1, changeId: 'd1', state: { a: 0 } });
  answer('ann', 1, first, 'subscribe', 's1', { version: 1, changeId: 'd1', isSnapshot: true });
  const e1 = ask('bob', 1, 'update', 'e1', { updates: { a: 1 }, expectedVersion: 1 });
  const lost = ask('kim', 1, 'feature', 'e2', { action: 'add', features: ['x'] });
  answer('bob', 1, e1, 'update', 'e1', committed(2, 'd2'));
  frame('ann', 1, { fromVersion: 2, versions: [seen(2), seen(3)] });
  void lost;
  mark('kim', 1, 'closed');
  mark('kim', 2, 'opened');
  const e2 = ask('kim', 2, 'feature', 'e2', { action: 'add', features: ['x'] });
  answer('kim', 2, e2, 'feature', 'e2', committed(3, 'd2', 'repeated'));
  mark('ann', 1, 'closed');
  const e3 = ask('bob', 1, 'config', 'e3', { configType: 'ui_content', config: { b: 1 } });
  answer('bob', 1, e3, 'config', 'e3', committed(4, 'd4'));
  mark('ann', 2, 'opened');
  const again = ask('ann', 2, 'subscribe', 's2', { since: { version: 3, changeId: 'd2' } });
  frame('ann', 2, seen(4));
  answer('ann', 2, again, 'subscribe', 's2', { version: 4, changeId: 'd4', isSnapshot: false });
  const e4 = ask('bob', 1, 'rollback', 'e4', { toVersion: 3 });
  answer('bob', 1, e4, 'rollback', 'e4', committed(5, 'd5'));
  const mismatch = ask('kim', 2, 'update', 'e9', { updates: {}, expectedVersion: 3 });
  const missed = { error: { type: 'VERSION_MISMATCH' }, currentVersion: 5, versions: [seen(4), seen(5)] };
  answer('kim', 2, mismatch, 'update', 'e9', missed, 'failed');
  const steps = [
    { kind: 'update', updates: { a: 2 } },
    { kind: 'update', updates: { a: 3 } },
  ];
  const e5 = ask('bob', 1, 'batch', 'e5', { operations: steps });
  answer('bob', 1, e5, 'batch', 'e5', committed(6, 'd6'));
  frame('ann', 2, { version: 6, changeId: 'd6', state: { features: ['x'], a: 3 } });
  const e6 = ask('bob', 1, 'update', 'e6', { updates: { secret: 'sesame' } });
  frame('ann', 2, seen(7));
  answer('bob', 1, e6, 'update', 'e6', committed(7, 'd7'));
  const read = ask('bob', 1, 'state', 'r1', {});
  answer('bob', 1, read, 'state', 'r1', {
    version: 7,
    changeId: 'd7',
    state: { a: 3, features: ['x'], secret: 'sesame' },
  });
  const denied = ask('eve', 1, 'state', 'r2', {});
  answer('eve', 1, denied, 'state', 'r2', { error: { type: 'UNAUTHORIZED' } }, 'failed');
  const end = ask('ann', 2, 'unsubscribe', 'u1', {});
  answer('ann', 2, end, 'unsubscribe', 'u1', { wasSubscribed: true });

  return {
    entries,
    clients: {
      ann: { readable: [CAMPAIGN], follows: [CAMPAIGN] },
      bob: { readable: [CAMPAIGN], follows: [] },
      kim: { readable: [CAMPAIGN], follows: [] },
      eve: { readable: [OTHER], follows: [] },
    },
    campaigns: [
      {
        campaignId: CAMPAIGN,
        documents,
        shown: [{ version: 7, state: { a: 3, features: ['x'], secret: 'sesame' } }],
        secret: 'sesame',
      },
    ],
  };
}

/** The history with parts of it replaced, found by what is in them: each piece of text once, by another. */
function replace(history: Draft, ...pairs: readonly (readonly [find: string, put: string])[]): Draft {
  let text = JSON.stringify(history);
  for (const [find, put] of pairs) {
    if (text.split(find).length !== 2) throw new Error(`${find} is there ${text.split(find).length - 1} times.`);
    text = text.replace(find, put);
  }
  return JSON.parse(text) as Draft;
}

/** The history without the entries that hold a piece of text. */
function without(history: Draft, kind: HistoryEntry['kind'], text: string): Draft {
  const entries = history.entries.filter(entry => entry.kind !== kind || !JSON.stringify(entry).includes(text));
  expect(entries.length).toBe(history.entries.length - 1);
  return { ...history, entries };
}

function find(history: Draft, kind: HistoryEntry['kind'], text: string): number {
  const at = history.entries.findIndex(entry => entry.kind === kind && JSON.stringify(entry).includes(text));
  expect(at).not.toBe(-1);
  return at;
}

/** The history in which something comes again, right after it or at the end. */
function repeated(history: Draft, kind: HistoryEntry['kind'], text: string, isAtEnd = false): Draft {
  const at = find(history, kind, text);
  const entries = [...history.entries];
  entries.splice(isAtEnd ? entries.length : at + 1, 0, entries[at] as HistoryEntry);
  return { ...history, entries };
}

const broken: Record<string, readonly [rule: HistoryRule, message: string, breakIt: (history: Draft) => Draft]> = {
  'a journal that lacks a version': [
    'journal',
    'version 5 follows version 3.',
    history => ({
      ...history,
      campaigns: history.campaigns.map(one => ({ ...one, documents: one.documents.toSpliced(2, 1) })),
    }),
  ],
  'a journal with half a document': [
    'journal',
    'the document from 4 to 5 is not whole.',
    history => replace(history, ['"from":4,"to":4', '"from":4,"to":5']),
  ],
  'a journal with an event twice': [
    'journal',
    'the event e5 is recorded twice.',
    history => replace(history, ['"version":7,"eventId":"e6"', '"version":7,"eventId":"e5"']),
  ],
  'a journal with a document that was built upon another one': [
    'journal',
    'd5, from version 5, was built upon d3, and follows d4.',
    history => replace(history, ['"previousId":"d4"', '"previousId":"d3"']),
  ],
  'a journal that begins with what was built upon something': [
    'journal',
    'd1, from version 1, was built upon d0, and follows null.',
    history => replace(history, ['"previousId":null', '"previousId":"d0"']),
  ],
  'an instance that shows an old version': [
    'journal',
    'an instance shows version 6, the last one is 7.',
    history => replace(history, ['"shown":[{"version":7', '"shown":[{"version":6']),
  ],
  'an instance that shows another state': [
    'journal',
    'an instance shows another state of version 7.',
    history => replace(history, ['"shown":[{"version":7,"state":{"a":3', '"shown":[{"version":7,"state":{"a":4']),
  ],
  'an acknowledged update that is lost': [
    'acknowledged',
    'e3 was acknowledged, and the journal does not have it.',
    history => replace(history, ['"version":4,"eventId":"e3"', '"version":4,"eventId":"e0"']),
  ],
  'an acknowledgement of another version': [
    'acknowledged',
    'e3 was acknowledged as version 5, and is 4.',
    history => replace(history, ['"version":4,"changeId":"d4","outcome"', '"version":5,"changeId":"d4","outcome"']),
  ],
  'an acknowledgement of another change': [
    'acknowledged',
    'e3 was acknowledged as version 4, and is 4.',
    history => replace(history, ['"version":4,"changeId":"d4","outcome"', '"version":4,"changeId":"d9","outcome"']),
  ],
  'an update that does something else': [
    'acknowledged',
    'e1 made of version 2 something else',
    history => replace(history, ['"updates":{"a":1}', '"updates":{"a":9}']),
  ],
  'a feature that is not added': [
    'acknowledged',
    'e2 made of version 3 something else',
    history => replace(history, ['"patch":"{\\"features\\":[\\"x\\"]}"', '"patch":"{\\"features\\":[]}"']),
  ],
  'a batch that is half done': [
    'acknowledged',
    'e5 made of version 6 something else',
    history => replace(history, ['"patch":"{\\"a\\":3}"', '"patch":"{\\"a\\":2}"']),
  ],
  'a rollback that brings back something else': [
    'acknowledged',
    'e4 made of version 5 something else',
    history => replace(history, ['"toVersion":3', '"toVersion":2']),
  ],
  'an expected version that was not there': [
    'acknowledged',
    'e1 expected version 0, and made 2.',
    history => replace(history, ['{"a":1},"expectedVersion":1', '{"a":1},"expectedVersion":0']),
  ],
  'a mismatch that is none': [
    'acknowledged',
    'e9 expected version 3, and 3 is said to be another one.',
    history => replace(history, ['"currentVersion":5', '"currentVersion":3']),
  ],
  'a mismatch that tells of other versions': [
    'content',
    'e9 was told of a version 5',
    history =>
      replace(history, ['"currentVersion":5,"versions":[{"version":4', '"currentVersion":5,"versions":[{"version":5']),
  ],
  'a refused update that was written': [
    'refused',
    'e6 was refused (SERVICE_UNAVAILABLE), and the journal has it as 7.',
    history => {
      const at = find(history, 'answer', '"causeId":"e6"');
      const refusal = envelope('campaign:update:v1:failed', { error: { type: 'SERVICE_UNAVAILABLE' } }, 'e6');
      const entries = history.entries.with(at, { ...history.entries[at], answer: refusal } as HistoryEntry);
      return { ...history, entries };
    },
  ],
  'a refusal of what had been written': [
    'refused',
    'e3 was refused (), and is said to have been there after all.',
    history =>
      replace(history, [
        '"version":4,"changeId":"d4","outcome":"committed"',
        '"version":4,"changeId":"d4","outcome":"repeated"',
      ]),
  ],
  'a repeat with another version': [
    'repeat',
    'e6 was acknowledged with several versions.',
    history => {
      const again = repeated(repeated(history, 'request', '"eventId":"e6"', true), 'answer', '"causeId":"e6"', true);
      const moved = again.entries.slice(-2).map(entry => ({ ...entry, sending: 99 }));
      const text = JSON.stringify(moved).replace(
        '"version":7,"changeId":"d7","outcome"',
        '"version":8,"changeId":"d7","outcome"',
      );
      return { ...again, entries: [...again.entries.slice(0, -2), ...(JSON.parse(text) as HistoryEntry[])] };
    },
  ],
  'an update that is committed twice': [
    'repeat',
    'e6 was committed more than once.',
    history => {
      const again = repeated(repeated(history, 'request', '"eventId":"e6"', true), 'answer', '"causeId":"e6"', true);
      return {
        ...again,
        entries: again.entries.map(
          (entry, at) => (at < again.entries.length - 2 ? entry : { ...entry, sending: 99 }) as HistoryEntry,
        ),
      };
    },
  ],
  'a repeat that is taken for another event': [
    'repeat',
    'e2 was taken for another event of the same name.',
    history =>
      replace(
        history,
        ['"version":3,"changeId":"d2","outcome":"repeated"', '"error":{"type":"IDEMPOTENCY_KEY_REUSED"}'],
        ['"campaign:feature:v1:success","eventId', '"campaign:feature:v1:failed","eventId'],
      ),
  ],
  'a write that comes before one that it knew of': [
    'order',
    'e3 is version 4, and 7 was known before it was sent.',
    history => {
      const entries = [...history.entries];
      // Sent only after version 7 was known.
      const [request] = entries.splice(find(history, 'request', '"eventId":"e3"'), 1);
      const [answered] = entries.splice(find({ ...history, entries }, 'answer', '"causeId":"e3"'), 1);
      return { ...history, entries: [...entries, request as HistoryEntry, answered as HistoryEntry] };
    },
  ],
  'a version that is left out': [
    'sequence',
    'version 7 came after version 4.',
    history => without(history, 'frame', '"state":{"features"'),
  ],
  'a version that comes twice': [
    'sequence',
    'version 7 came after version 7.',
    history => repeated(history, 'frame', '"version":7'),
  ],
  'versions in another order': [
    'sequence',
    'versions from 3 were sent as versions from 2.',
    history =>
      replace(history, ['"fromVersion":2,"versions":[{"version":2', '"fromVersion":2,"versions":[{"version":3']),
  ],
  'versions under another number': [
    'sequence',
    'versions from 2 were sent as versions from 1.',
    history => replace(history, ['"fromVersion":2', '"fromVersion":1']),
  ],
  'a state that is older than what was seen': [
    'sequence',
    'the state of version 2 came after version 4.',
    history => replace(history, ['"version":6,"changeId":"d6","state"', '"version":2,"changeId":"d6","state"']),
  ],
  'a subscription that begins with nothing': [
    'sequence',
    'its subscription begins at version 1, and it was sent nothing.',
    history => without(history, 'frame', '"version":1,"changeId":"d1"'),
  ],
  'a subscription that forgets what was missed': [
    'sequence',
    'its subscription begins at version 4, and it was sent nothing.',
    history => without(history, 'frame', '"version":4'),
  ],
  'another patch': [
    'content',
    'the patch of version 7 is another one.',
    history =>
      replace(history, [
        '"version":7,"changeId":"d7","patch":{"secret":"sesame"}',
        '"version":7,"changeId":"d7","patch":{"secret":"sesam"}',
      ]),
  ],
  'the patch of another change': [
    'content',
    'version 7 is another change.',
    history => replace(history, ['"version":7,"changeId":"d7","patch"', '"version":7,"changeId":"d6","patch"']),
  ],
  'another state': [
    'content',
    'the state of version 6 is another one.',
    history => replace(history, ['"state":{"features":["x"],"a":3}', '"state":{"features":["x"],"a":2}']),
  ],
  'a version that is not in the journal': [
    'content',
    'the journal has no version 7.',
    history => ({
      ...history,
      campaigns: history.campaigns.map(one => ({ ...one, documents: one.documents.slice(0, -1) })),
    }),
  ],
  'a state that was never so': [
    'content',
    'r1 was answered with a state that version 7 never had.',
    history =>
      replace(history, ['"version":7,"changeId":"d7","state":{"a":3', '"version":7,"changeId":"d7","state":{"a":5']),
  ],
  'an end that is not reached': [
    'complete',
    'it saw 6 last, and there is 7.',
    history => without(history, 'frame', '"version":7'),
  ],
  'a version after the end of a subscription': [
    'unasked',
    'it was sent a version without a subscription.',
    history => repeated(history, 'frame', '"version":7', true),
  ],
  'a version without a subscription': [
    'unasked',
    'bob on',
    history => {
      const seen = history.entries[find(history, 'frame', '"version":7')] as HistoryEntry;
      return { ...history, entries: [...history.entries, { ...seen, client: 'bob', connection: 1 }] };
    },
  ],
  'a version for one who may not read it': [
    'secret',
    'it may not read the campaign.',
    history => {
      const seen = history.entries[find(history, 'frame', '"state":{"features"')] as HistoryEntry;
      return { ...history, entries: [...history.entries, { ...seen, client: 'eve', connection: 1 }] };
    },
  ],
  'a secret in the answer to one who may not read it': [
    'secret',
    'eve was sent something of',
    history =>
      replace(history, ['"error":{"type":"UNAUTHORIZED"', '"error":{"type":"UNAUTHORIZED","message":"sesame"']),
  ],
  'a request without an answer': [
    'answer',
    'e6 of bob was not answered.',
    history => without(history, 'answer', '"causeId":"e6"'),
  ],
  'a request with two answers': [
    'answer',
    'e6 of bob was answered 2 times.',
    history => repeated(history, 'answer', '"causeId":"e6"'),
  ],
  'the answer to another request': [
    'answer',
    'e6 of bob was answered with the cause e5.',
    history => replace(history, ['"causeId":"e6"', '"causeId":"e5"']),
  ],
  'an answer of another type': [
    'answer',
    'e3 of bob was answered with campaign:update:v1:success.',
    history => replace(history, ['"campaign:config:v1:success","eventId', '"campaign:update:v1:success","eventId']),
  ],
  'an answer that is no acknowledgement': [
    'answer',
    'bob got an answer as an event',
    history => {
      const frame = envelope('campaign:update:v1:success', {}, 'e6');
      return {
        ...history,
        entries: [...history.entries, { atMs: 0, client: 'bob', connection: 1, kind: 'frame', frame }],
      };
    },
  ],
  'a journal whose version is in the place of another one': [
    'journal',
    'version 4 is in the place of 3.',
    history => replace(history, ['"version":3,"eventId":"e2"', '"version":4,"eventId":"e2"']),
  ],
  'a mismatch that tells of another patch': [
    'content',
    'e9 was told of a version 4',
    history =>
      replace(history, [
        '"currentVersion":5,"versions":[{"version":4,"changeId":"d4","patch":{"ui_content":{"b":1}}',
        '"currentVersion":5,"versions":[{"version":4,"changeId":"d4","patch":{"ui_content":{"b":2}}',
      ]),
  ],
  'a write that comes before what its sender was shown': [
    'order',
    'e3 is version 4, and 4 was known before it was sent.',
    history => {
      const entries = [...history.entries];
      const [request] = entries.splice(find(history, 'request', '"eventId":"e3"'), 1);
      const [answered] = entries.splice(find({ ...history, entries }, 'answer', '"causeId":"e3"'), 1);
      const shown = find({ ...history, entries }, 'frame', '"version":4');
      return {
        ...history,
        entries: entries.toSpliced(shown + 1, 0, request as HistoryEntry, answered as HistoryEntry),
      };
    },
  ],
  'a write that comes before what somebody was answered': [
    'order',
    'e4 is version 5, and 7 was known before it was sent.',
    history => {
      // The last write is answered before the fourth one is sent; no event has told of either yet.
      const entries = [...history.entries];
      const [request] = entries.splice(find(history, 'request', '"eventId":"e6"'), 1);
      const [answered] = entries.splice(find({ ...history, entries }, 'answer', '"causeId":"e6"'), 1);
      const before = find({ ...history, entries }, 'request', '"eventId":"e4"');
      return { ...history, entries: entries.toSpliced(before, 0, request as HistoryEntry, answered as HistoryEntry) };
    },
  ],
  'versions that are not in their order': [
    'sequence',
    'version 4 came after version 2.',
    history => replace(history, ['"version":3,"changeId":"d2","patch"', '"version":4,"changeId":"d2","patch"']),
  ],
  'a state that was seen already': [
    'sequence',
    'the state of version 6 came after version 6.',
    history => repeated(history, 'frame', '"state":{"features"'),
  ],
  'a subscription that is answered with a state that never came': [
    'sequence',
    'its subscription begins at version 3, and it was sent nothing.',
    history =>
      without(
        replace(history, [
          '"version":4,"changeId":"d4","isSnapshot":false',
          '"version":3,"changeId":"d2","isSnapshot":true',
        ]),
        'frame',
        '"version":4',
      ),
  ],
  'a patch with another cause': [
    'content',
    'version 7 is another change.',
    history =>
      replace(history, [
        '"patch":{"secret":"sesame"},"by":"user-1","cause":"update"',
        '"patch":{"secret":"sesame"},"by":"user-1","cause":"batch"',
      ]),
  ],
  'a patch by another user': [
    'content',
    'version 7 is another change.',
    history =>
      replace(history, ['"patch":{"secret":"sesame"},"by":"user-1"', '"patch":{"secret":"sesame"},"by":"user-2"']),
  ],
  'the state of another change': [
    'content',
    'version 6 is another change.',
    history => replace(history, ['"version":6,"changeId":"d6","state"', '"version":6,"changeId":"d5","state"']),
  ],
  'an answer with the state of another change': [
    'content',
    'r1 was answered with a state that version 7 never had.',
    history => replace(history, ['"version":7,"changeId":"d7","state"', '"version":7,"changeId":"d6","state"']),
  ],
  'a secret in an event for one who may not read it': [
    'secret',
    'eve was sent something of',
    history => {
      const frame = envelope('campaign:update:v1:requested', { campaignId: OTHER, updates: 'sesame' });
      return {
        ...history,
        entries: [...history.entries, { atMs: 0, client: 'eve', connection: 1, kind: 'frame', frame }],
      };
    },
  ],
  'an answer to what was never sent': [
    'answer',
    'bob got an answer to what it did not send.',
    history => {
      const answer = envelope('campaign:state:v1:failed', { error: { type: 'TIMEOUT' } }, 'r9');
      return {
        ...history,
        entries: [...history.entries, { atMs: 0, client: 'bob', connection: 1, kind: 'answer', sending: 99, answer }],
      };
    },
  ],
};

describe('the checker of histories', () => {
  it('finds nothing in one that is right', () => {
    expect(checkHistory(createHistory())).toEqual([]);
  });

  it.each(Object.entries(broken))('finds %s', (_case, [rule, message, breakIt]) => {
    // Other rules may be broken along with it: each check has a case that it alone finds.
    expect(checkHistory(breakIt(createHistory()))).toContainEqual({
      rule,
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('takes documents from before they said what they were built upon', () => {
    const { campaigns, ...history } = createHistory();
    const withoutLinks = campaigns.map(campaign => ({
      ...campaign,
      documents: campaign.documents.map(({ previousId: _none, ...document }) => document),
    }));
    expect(checkHistory({ ...history, campaigns: withoutLinks })).toEqual([]);
  });

  it('takes it that nobody knows what became of what was not answered, or timed out', () => {
    const open = without(createHistory(), 'answer', '"causeId":"e6"');
    const closed: HistoryEntry = { atMs: 0, client: 'bob', connection: 1, kind: 'closed' };
    expect(checkHistory({ ...open, entries: [...open.entries, closed] })).toEqual([]);
    const history = createHistory();
    const at = find(history, 'answer', '"causeId":"e6"');
    const answer = envelope('campaign:update:v1:failed', { error: { type: 'TIMEOUT' } }, 'e6');
    const entries = history.entries.with(at, { ...history.entries[at], answer } as HistoryEntry);
    expect(checkHistory({ ...history, entries })).toEqual([]);
  });
});
