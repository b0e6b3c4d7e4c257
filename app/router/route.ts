import { type FromSchema, type JSONSchema } from 'json-schema-to-ts';
import { type Reply } from '../../lib/middlewares/request-state.ts';
import { type ManagerContext } from '../context.ts';

/**
 * Who may call a route. `read` and `update` are actions on the campaign named by `:campaignId`; `read-or-public` also
 * lets callers without a token pass when the configuration opens public reads; `authenticated` is any valid token.
 */
export type Permission = 'public' | 'authenticated' | 'supreme' | 'read' | 'update' | 'read-or-public';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The parameters of a path: `/a/:b` gives `{ b: string }`. */
export type PathParams<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<`/${Rest}`>
  : P extends `${string}:${infer Name}`
    ? { readonly [K in Name]: string }
    : unknown;

/** What answers a route: its status, and the schema of `data` (of each item, for a list). */
export interface RouteResponse {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  readonly kind: 'document' | 'list' | 'empty' | 'raw' | 'stream';
  readonly schema?: object;
  /** The media type, when it is not the JSON envelope. */
  readonly mediaType?: string;
}

/** The validated input of a handler. */
export interface RouteInput<P extends string, Q, B, H> {
  readonly params: PathParams<P>;
  readonly query: Q;
  readonly body: B;
  readonly headers: H;
}

/** What a schema lets through; nothing is known where a route declares none. */
type InputOf<S> = [S] extends [never] ? unknown : S extends JSONSchema ? FromSchema<S> : unknown;

/** What is known of a route whatever its input: all that the router, the OpenAPI document and the tests need. */
interface RouteDeclaration<P extends string> {
  readonly method: Method;
  readonly path: P;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  /**
   * Whether `:campaignId` may also be an identifier, or 0 for the default campaign. Then whoever finds out which campaign
   * it is sees to the permission.
   */
  readonly isCampaignNamed?: boolean;
  readonly response: RouteResponse;
  /** Other statuses that come with the same body, each with what it means. */
  readonly otherStatuses?: Readonly<Record<number, string>>;
  /** The types of the errors that are the route's own; those that every route can answer are not listed. */
  readonly errors?: readonly string[];
}

/** A route in one literal. The handler's input is typed by the path and the schemas. */
export interface Route<P extends string, Q, B, H> extends RouteDeclaration<P> {
  /** The query parameters; unknown ones are refused. Left out: none is allowed. */
  readonly query?: Q;
  /** The request headers that the route reads, in lower case; others are ignored. */
  readonly headers?: H;
  /** The body. Left out: the route reads none. */
  readonly body?: B;
  readonly handler: (
    ctx: ManagerContext,
    input: RouteInput<P, InputOf<Q>, InputOf<B>, InputOf<H>>,
  ) => Promise<Reply> | Reply;
}

/** The parts of an object schema that are looked into. */
export interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/** A route whose types have served their purpose. */
export interface AnyRoute extends RouteDeclaration<string> {
  readonly query?: ObjectSchema;
  readonly headers?: ObjectSchema;
  readonly body?: object;
  readonly handler: (
    ctx: ManagerContext,
    input: RouteInput<string, unknown, unknown, unknown>,
  ) => Promise<Reply> | Reply;
}

/** Declares a route. */
export function defineRoute<
  const P extends string,
  const Q extends object = never,
  const B extends object = never,
  const H extends object = never,
>(route: Route<P, Q, B, H>): AnyRoute {
  return route as unknown as AnyRoute;
}
