import { type Actor } from '../auth/actor.ts';
import { createInvalidTokenError } from '../auth/claims.ts';
import { type VerifiedToken } from '../auth/token-cache.ts';
import { type TokenVerifier } from '../auth/token-verifier.ts';
import { type ServiceError } from '../errors.ts';
import { type AppContext, type AppMiddleware } from './request-state.ts';

const BEARER = /^Bearer +([^\s]+)\s*$/i;

/**
 * Has the bearer token verified and sets `ctx.state.actor` and `ctx.state.throwIfOver`. A bad token is kept in `ctx.state.authError`, for the router
 * to throw where a token is needed: public routes do not mind it.
 */
export function createJwt<A extends Actor>(tokens: TokenVerifier<A>): AppMiddleware<A> {
  const admit = (ctx: AppContext<A>, verified: VerifiedToken<A>): void => {
    try {
      tokens.throwIfOver(verified);
      ctx.state.actor = verified.actor;
      ctx.state.throwIfOver = () => tokens.throwIfOver(verified);
    } catch (error) {
      ctx.state.authError = error as ServiceError;
    }
  };

  return (ctx, next) => {
    const { state } = ctx;
    state.actor = null;
    state.authError = null;
    const header = ctx.req.headers.authorization;
    if (header === undefined) return next();
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) {
      state.authError = createInvalidTokenError('The Authorization header must read "Bearer <token>".');
      return next();
    }
    const remembered = tokens.peek(token);
    if (remembered !== undefined) {
      admit(ctx, remembered);
      return next();
    }
    return tokens.verify(token).then(
      verified => {
        admit(ctx, verified);
        return next();
      },
      (error: Error) => {
        state.authError = error;
        return next();
      },
    );
  };
}
