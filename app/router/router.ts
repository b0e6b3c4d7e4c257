import { Router } from '@koa/router';
import { MethodNotAllowedError, RouteNotFoundError, ValidationError } from '../../lib/errors.ts';
import { type AppContext, type AppMiddleware } from '../../lib/middlewares/request-state.ts';
import { createQueryReader, createValidator, type Validator } from '../../lib/schema/validator.ts';
import { type ManagerContext } from '../context.ts';
import { type Actor } from '../policy.ts';
import { admit, throwIfIllFormedId } from './admission.ts';
import { type AnyRoute } from './route.ts';

type HttpContext = AppContext<Actor>;

export interface RouterOptions {
  readonly routes: readonly AnyRoute[];
  /** Makes the manager context of a request: the one place where Koa's context is left behind. */
  readonly createContext: (ctx: HttpContext) => ManagerContext;
}

const none: Readonly<Record<string, never>> = Object.freeze({});

/** The first segment of a path: each has a router of its own, so that a request is compared with few patterns. */
function selectSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end === -1 ? path : path.slice(0, end);
}

/** Reads the query of a request: flat strings, validated and converted. Throws `ValidationError`. */
function createRouteQueryReader(route: AnyRoute): (ctx: HttpContext) => unknown {
  if (route.query === undefined) {
    return ctx => {
      const names = ctx.querystring === '' ? [] : Object.keys(ctx.query);
      if (names.length > 0)
        throw new ValidationError(names.map(path => ({ path, message: 'is not a known parameter' })));
      return none;
    };
  }
  const reader = createQueryReader(route.query);
  // Most requests have no query: what that means is worked out once, unless a parameter is required.
  const isOptional = (route.query.required ?? []).length === 0;
  const byDefault = isOptional ? Object.freeze(reader.read(none)) : undefined;
  return ctx => (ctx.querystring === '' && byDefault !== undefined ? byDefault : reader.read(ctx.query));
}

/** Reads the headers that a route names. Throws `ValidationError`. */
function createHeaderReader(route: AnyRoute): (ctx: HttpContext) => unknown {
  const { headers } = route;
  if (headers === undefined) return () => none;
  const names = Object.keys(headers.properties ?? {});
  const validator: Validator<unknown> = createValidator(headers);
  return ctx => {
    let found: Record<string, unknown> | undefined;
    for (const name of names) {
      const value = ctx.req.headers[name];
      if (value !== undefined) (found ??= {})[name] = value;
    }
    // No header is ever required.
    if (found === undefined) return none;
    validator.throwIfInvalid(found);
    return found;
  };
}

function createBodyReader(route: AnyRoute): (ctx: HttpContext) => unknown {
  if (route.body === undefined) return () => undefined;
  const validator: Validator<unknown> = createValidator(route.body);
  return ctx => {
    const body: unknown = ctx.request.body;
    validator.throwIfInvalid(body ?? {});
    return body ?? {};
  };
}

/** Makes the handler of a route: pattern, permission, input, the one call of a manager, reply. */
function createHandler(route: AnyRoute, { createContext }: RouterOptions): (ctx: HttpContext) => Promise<void> {
  const readQuery = createRouteQueryReader(route);
  const readHeaders = createHeaderReader(route);
  const readBody = createBodyReader(route);
  return async ctx => {
    const { state } = ctx;
    const params = (ctx as unknown as { params: Record<string, string> }).params;
    state.routePattern = route.path;
    admit(route.permission, { actor: state.actor, authError: state.authError, params });
    if (state.bodyError !== undefined) throw state.bodyError;
    throwIfIllFormedId(params);
    const input = { params, query: readQuery(ctx), headers: readHeaders(ctx), body: readBody(ctx) };
    state.reply = await route.handler(createContext(ctx), input);
  };
}

/**
 * Makes the last middleware of the pipeline: finds the route of a request and answers by it.
 * Throws `RouteNotFoundError`, `MethodNotAllowedError`, and what the route throws.
 */
export function createRouter(options: RouterOptions): AppMiddleware<Actor> {
  const routers = new Map<string, Router>();
  for (const route of options.routes) {
    const segment = selectSegment(route.path);
    const router = routers.get(segment) ?? new Router();
    routers.set(segment, router);
    router.register(
      route.path,
      route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
      createHandler(route, options) as never,
    );
  }
  const handlers = new Map([...routers].map(([segment, router]) => [segment, { router, dispatch: router.routes() }]));
  return async (ctx, next) => {
    const found = handlers.get(selectSegment(ctx.path));
    if (found === undefined) throw new RouteNotFoundError();
    await found.dispatch(ctx as never, next);
    if (ctx.state.routePattern !== undefined) return;
    const allowed = found.router.match(ctx.path, ctx.method).path.flatMap(layer => layer.methods);
    throw allowed.length > 0 ? new MethodNotAllowedError([...new Set(allowed)]) : new RouteNotFoundError();
  };
}
