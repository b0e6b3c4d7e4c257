// The least of Feathers 5 that does the work: Koa, its memory service, a hook that validates. With the argument `jwt`
// every call is authenticated, without looking the user up.
import { authenticate, JWTStrategy } from '@feathersjs/authentication';
import { feathers } from '@feathersjs/feathers';
import { bodyParser, errorHandler, koa, rest } from '@feathersjs/koa';
import { memory, type MemoryService } from '@feathersjs/memory';
import { createCampaigns, readTarget, updateTarget, type StoredCampaign } from '../lib/campaigns.ts';
import { authenticationConfig, KeyObjectAuthenticationService, throwIfInvalidUpdate } from '../lib/feathers.ts';
import { serve } from '../lib/serve.ts';

interface Services {
  campaigns: MemoryService<StoredCampaign>;
  authentication: KeyObjectAuthenticationService;
}

const app = koa(feathers<Services>());
app.use(errorHandler());
app.use(bodyParser());
app.configure(rest());

const headers: Record<string, string> = {};
const isAuthenticated = process.argv[2] === 'jwt';
if (isAuthenticated) {
  app.set('authentication', { ...authenticationConfig, entity: null });
  const authentication = new KeyObjectAuthenticationService(app);
  authentication.register('jwt', new JWTStrategy());
  app.use('authentication', authentication);
  headers.authorization = `Bearer ${await authentication.createAccessToken({ userId: 'bench', supreme: true })}`;
}

app.use('campaigns', memory<StoredCampaign>({ id: '_id', store: Object.fromEntries(createCampaigns()) }));
app.service('campaigns').hooks({
  before: { all: isAuthenticated ? [authenticate('jwt')] : [], patch: [throwIfInvalidUpdate] },
});
await app.setup();

const handle = app.callback();
serve((req, res) => void handle(req, res), {
  read: readTarget('/campaigns/', headers),
  update: updateTarget('PATCH', '/campaigns/', headers),
});
