import { type Explanation, type Sort } from '../collection.ts';

/** One stage of a query plan, as far as it concerns us; the rest of an explain answer differs between versions. */
interface Stage {
  readonly stage?: string;
  readonly indexName?: string;
  readonly inputStage?: Stage;
  readonly inputStages?: readonly Stage[];
  /** The classic plan under one of the slot-based engine. */
  readonly queryPlan?: Stage;
  /** The plans of the shards. */
  readonly shards?: readonly { readonly winningPlan?: Stage }[];
}

interface ExplainAnswer {
  readonly queryPlanner?: { readonly winningPlan?: Stage };
  readonly executionStats?: { readonly totalKeysExamined?: number; readonly totalDocsExamined?: number };
}

/** Reads MongoDB's answer to `explain('executionStats')`. `sort` is the order that was asked for, if any. */
export function explanationOf(answer: unknown, sort: Sort | undefined): Explanation {
  const { queryPlanner, executionStats } = answer as ExplainAnswer;
  const stages = stagesOf(queryPlanner?.winningPlan);
  const index = stages.map(indexOf).find(name => name !== undefined) ?? null;
  const isSortedInMemory = stages.some(({ stage }) => stage?.startsWith('SORT') === true && stage !== 'SORT_MERGE');
  return {
    index,
    examined: (index === null ? executionStats?.totalDocsExamined : executionStats?.totalKeysExamined) ?? 0,
    sortedByIndex: sort !== undefined && index !== null && !isSortedInMemory,
  };
}

function stagesOf(stage: Stage | undefined): Stage[] {
  if (stage === undefined) return [];
  const { inputStage, inputStages = [], queryPlan, shards = [] } = stage;
  const inner = [inputStage, queryPlan, ...inputStages, ...shards.map(({ winningPlan }) => winningPlan)];
  return [stage, ...inner.flatMap(stagesOf)];
}

/** IXSCAN, and its short forms: IDHACK, and from version 8 on EXPRESS_IXSCAN. */
function indexOf({ stage, indexName }: Stage): string | undefined {
  if (stage === 'IDHACK' || indexName === '_id_') return '_id';
  return indexName;
}
