import { describe, expect, it } from '@jest/globals';
import { explanationOf } from './mongodb-explanation.ts';

const answer = (winningPlan: object, keys: number, documents: number): unknown => ({
  queryPlanner: { winningPlan },
  executionStats: { totalKeysExamined: keys, totalDocsExamined: documents },
});
const scan = { stage: 'IXSCAN', indexName: 'status_created', keyPattern: { status: 1, created: -1 } };
const sort = { created: -1 } as const;

describe('an explanation', () => {
  it('names the index and counts its keys', () => {
    const fetched = answer({ stage: 'FETCH', inputStage: scan }, 20, 20);
    expect(explanationOf(fetched, sort)).toEqual({ index: 'status_created', examined: 20, sortedByIndex: true });
    expect(explanationOf(fetched, undefined)).toEqual({ index: 'status_created', examined: 20, sortedByIndex: false });
  });

  it('says when the order is made in memory', () => {
    const sorted = answer({ stage: 'SORT', inputStage: { stage: 'FETCH', inputStage: scan } }, 20, 20);
    expect(explanationOf(sorted, sort)).toEqual({ index: 'status_created', examined: 20, sortedByIndex: false });
  });

  it('lets an order that is merged from an index count as its own', () => {
    const merged = answer({ stage: 'FETCH', inputStage: { stage: 'SORT_MERGE', inputStages: [scan, scan] } }, 9, 9);
    expect(explanationOf(merged, sort)).toEqual({ index: 'status_created', examined: 9, sortedByIndex: true });
  });

  it('counts documents when the collection is scanned', () => {
    const scanned = answer({ stage: 'SORT', inputStage: { stage: 'COLLSCAN' } }, 0, 60);
    expect(explanationOf(scanned, sort)).toEqual({ index: null, examined: 60, sortedByIndex: false });
  });

  it.each([
    ['IDHACK', { stage: 'IDHACK' }],
    ['EXPRESS_IXSCAN', { stage: 'EXPRESS_IXSCAN', indexName: '_id_' }],
    ['IXSCAN', { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: '_id_' } }],
  ])('calls the primary key _id: %s', (_stage, plan) => {
    expect(explanationOf(answer(plan, 1, 1), undefined)).toMatchObject({ index: '_id', examined: 1 });
  });

  it('reads the plans of the slot-based engine and of shards', () => {
    expect(explanationOf(answer({ queryPlan: { stage: 'FETCH', inputStage: scan } }, 3, 3), sort).index).toBe(
      'status_created',
    );
    const sharded = { stage: 'SINGLE_SHARD', shards: [{ winningPlan: { stage: 'FETCH', inputStage: scan } }] };
    expect(explanationOf(answer(sharded, 3, 3), sort).index).toBe('status_created');
  });
});
