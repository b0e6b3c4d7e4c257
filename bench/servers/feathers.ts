// Feathers 5 on Koa over its memory service. With the argument `jwt` every call is authenticated.
import { createSecretKey } from 'node:crypto';
import { authenticate, AuthenticationService, JWTStrategy, type JwtVerifyOptions } from '@feathersjs/authentication';
import { BadRequest } from '@feathersjs/errors';
import { feathers, type HookContext } from '@feathersjs/feathers';
import { bodyParser, errorHandler, koa, rest } from '@feathersjs/koa';
import { memory, type MemoryService } from '@feathersjs/memory';
import { type Secret, type SignOptions } from 'jsonwebtoken';
import { createCampaigns, isUpdate, readTarget, updateTarget, type StoredCampaign } from '../lib/campaigns.ts';
import { serve } from '../lib/serve.ts';

/**
 * Feathers demands its key as a string, and jsonwebtoken then asks OpenSSL on every request whether the string is a
 * public key, which costs more than all the rest of the request together. Both methods that use the key take another
 * one in its place, so handing them the same key as a KeyObject takes the defect away and leaves all else as it is.
 */
class KeyObjectAuthenticationService extends AuthenticationService {
  readonly #key = createSecretKey(Buffer.from(this.configuration.secret));

  override createAccessToken(payload: string | Buffer | object, options?: SignOptions, secret: Secret = this.#key) {
    return super.createAccessToken(payload, options, secret);
  }

  override verifyAccessToken(token: string, options?: JwtVerifyOptions, secret: Secret = this.#key) {
    return super.verifyAccessToken(token, options, secret) as Promise<unknown>;
  }
}

interface Services {
  campaigns: MemoryService<StoredCampaign>;
  authentication: AuthenticationService;
}

const app = koa(feathers<Services>());
app.use(errorHandler());
app.use(bodyParser());
app.configure(rest());

const headers: Record<string, string> = {};
const isAuthenticated = process.argv[2] === 'jwt';
if (isAuthenticated) {
  app.set('authentication', {
    secret: 'a secret of the benchmark, thirty-two bytes and more',
    entity: null,
    authStrategies: ['jwt'],
    jwtOptions: { algorithm: 'HS256', audience: 'https://presale.example', issuer: 'feathers', expiresIn: '1d' },
  });
  const authentication = new KeyObjectAuthenticationService(app);
  authentication.register('jwt', new JWTStrategy());
  app.use('authentication', authentication);
  headers.authorization = `Bearer ${await authentication.createAccessToken({ userId: 'bench', supreme: true })}`;
}

app.use('campaigns', memory<StoredCampaign>({ id: '_id', store: Object.fromEntries(createCampaigns()) }));
app.service('campaigns').hooks({
  before: {
    all: isAuthenticated ? [authenticate('jwt')] : [],
    patch: [
      (context: HookContext) => {
        if (!isUpdate(context.data)) throw new BadRequest('The update is not valid.', { errors: isUpdate.errors });
      },
    ],
  },
});
await app.setup();

const handle = app.callback();
serve((req, res) => void handle(req, res), {
  read: readTarget('/campaigns/', headers),
  update: updateTarget('PATCH', '/campaigns/', headers),
});
