import { Router } from '@koa/router';
import { MethodNotAllowedError, RouteNotFoundError, ValidationError } from '../../lib/errors.ts';
import { type AppContext, type AppMiddleware } from '../../lib/middlewares/request-state.ts';
import { createQueryReader, createValidator, type Validator } from '../../lib/schema/validator.ts';
import { isId } from '../../lib/ids.ts';
import { rememberByText } from '../../lib/remember.ts';
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

type Handler = (ctx: HttpContext, params: Readonly<Record<string, string>>) => Promise<void>;

/** Where a request goes, or the methods that its path is known by, if any. */
type Match =
  | { readonly handler: Handler; readonly params: Readonly<Record<string, string>> }
  | { readonly handler: undefined; readonly allowed: readonly string[] };

/** Where a method and a path lead is remembered for so many of them. */
const REMEMBERED_PATHS = 10_000;

const none: Readonly<Record<string, never>> = Object.freeze({});

/** The first segment of a path and its depth: what shares both has a router of its own, so that a request is compared with few patterns. */
function selectGroup(path: string): string {
  let depth = 0;
  let end = 0;
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
    if (end === 0) end = at;
    depth += 1;
  }
  // A slash at the end is no further segment.
  if (path.endsWith('/')) depth -= 1;
  return `${depth} ${end === 0 ? path : path.slice(0, end)}`;
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
function createHandler(route: AnyRoute, { createContext }: RouterOptions): Handler {
  const readQuery = createRouteQueryReader(route);
  const readHeaders = createHeaderReader(route);
  const readBody = createBodyReader(route);
  const { permission, isCampaignNamed } = route;
  return async (ctx, params) => {
    const { state } = ctx;
    state.routePattern = route.path;
    const isByName = isCampaignNamed === true && !isId(params['campaignId'] ?? '');
    admit(isByName ? 'authenticated' : permission, { actor: state.actor, authError: state.authError, params });
    if (state.bodyError !== undefined) throw state.bodyError;
    if (!isByName) throwIfIllFormedId(params);
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
  const handlers = new Map<unknown, Handler>();
  for (const route of options.routes) {
    const group = selectGroup(route.path);
    const router = routers.get(group) ?? new Router();
    routers.set(group, router);
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    // The router finds the layer; what it would run around it (a chain of middlewares for each match) is not needed.
    const layer = router.register(route.path, methods, () => undefined);
    handlers.set(layer, createHandler(route, options));
  }
  const find = (method: string, path: string): Match => {
    const matched = routers.get(selectGroup(path))?.match(path, method);
    const layer = matched?.pathAndMethod[0];
    const handler = handlers.get(layer);
    if (layer !== undefined && handler !== undefined) {
      return { handler, params: Object.freeze(layer.params(path, layer.captures(path))) };
    }
    const allowed = matched?.path.flatMap(({ methods }) => methods) ?? [];
    return { handler: undefined, allowed: [...new Set(allowed)] };
  };
  // Many ask for the same, and comparing a path with patterns leaves two kilobytes behind each time.
  const findAgain = rememberByText(
    key => {
      const end = key.indexOf(' ');
      return find(key.slice(0, end), key.slice(end + 1));
    },
    { max: REMEMBERED_PATHS },
  );
  return async ctx => {
    const match = findAgain(`${ctx.method} ${ctx.path}`);
    if (match.handler !== undefined) return match.handler(ctx, match.params);
    throw match.allowed.length > 0 ? new MethodNotAllowedError(match.allowed) : new RouteNotFoundError();
  };
}
