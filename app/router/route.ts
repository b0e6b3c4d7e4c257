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
  readonly kind: 'document' | 'list' | 'empty' | 'raw';
  readonly schema?: JSONSchema;
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

/** A route: everything that the router, the OpenAPI document and the tests need to know of it, in one literal. */
export interface Route<
  P extends string = string,
  Q extends JSONSchema = JSONSchema,
  B extends JSONSchema = JSONSchema,
  H extends JSONSchema = JSONSchema,
> {
  readonly method: Method;
  readonly path: P;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  /** The query parameters; unknown ones are refused. Left out: none is allowed. */
  readonly query?: Q;
  /** The request headers that the route reads, in lower case; others are ignored. */
  readonly headers?: H;
  /** The body. Left out: the route reads none. */
  readonly body?: B;
  readonly response: RouteResponse;
  /** The types of the errors that are the route's own; those that every route can answer are not listed. */
  readonly errors?: readonly string[];
  readonly handler: (
    ctx: ManagerContext,
    input: RouteInput<P, Q extends JSONSchema ? FromSchema<Q> : unknown, FromSchema<B>, FromSchema<H>>,
  ) => Promise<Reply> | Reply;
}

/** A route whose types have served their purpose. */
export type AnyRoute = Omit<Route, 'handler'> & {
  readonly handler: (ctx: ManagerContext, input: RouteInput<string, unknown, unknown, unknown>) => Promise<Reply> | Reply;
};

/** Declares a route; the handler's input is typed by the path and the schemas. */
export function defineRoute<
  const P extends string,
  const Q extends JSONSchema = false,
  const B extends JSONSchema = false,
  const H extends JSONSchema = false,
>(route: Route<P, Q, B, H>): AnyRoute {
  return route as unknown as AnyRoute;
}
