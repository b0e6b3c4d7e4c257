import { type Action } from '../policy.ts';

/** A JSON Schema of an object. */
export interface PayloadSchema {
  readonly type: 'object';
  readonly description: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** A request that can be made over the channel: it is checked, admitted and documented by this. */
export interface RequestDeclaration {
  /** `{service}:{action}`. */
  readonly name: string;
  readonly summary: string;
  readonly payload: PayloadSchema;
  readonly answer: PayloadSchema;
  /** What a failure may say besides the error. */
  readonly failure?: Readonly<Record<string, unknown>>;
  /**
   * The actions of which the caller needs one on the campaign that `campaignId` names, to be let in. Left out where
   * the request is about no campaign in particular.
   */
  readonly admits?: readonly Action[];
  /** What is needed in the end, where that follows from what is asked. */
  readonly needs?: string;
  /** Whether others may hear of it; questions and their answers are nobody else's business. */
  readonly isPublished?: boolean;
  /** Of a request that a stream answers: what an item says besides `seq`. */
  readonly item?: PayloadSchema;
}

/** An event that comes without having been asked for by itself. */
export interface EventDeclaration {
  /** The whole type. */
  readonly type: string;
  readonly summary: string;
  readonly payload: PayloadSchema;
}

/** Says what a request needs, as the documentation does. */
export function formatNeeds({ admits = [], needs }: RequestDeclaration): string {
  return needs ?? admits.map(action => `\`${action}\``).join(', ');
}
