// The application that Feathers' own generator writes for Koa and REST, with JWT and no schemas: CORS, static files,
// error handler, body parser, a hook around everything that logs errors, authentication that looks its user up. The
// services are its memory adapter, which does no input or output; with the argument `durable` the campaigns lie in the
// embedded store of this repository instead, one flushed write for an update.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authenticate, JWTStrategy } from '@feathersjs/authentication';
import { NotFound } from '@feathersjs/errors';
import { feathers, type HookContext, type NextFunction } from '@feathersjs/feathers';
import { bodyParser, cors, errorHandler, koa, parseAuthentication, rest, serveStatic } from '@feathersjs/koa';
import { memory, type MemoryService } from '@feathersjs/memory';
import { spec } from '../../app/datastore/campaigns.ts';
import { type StoredDocument } from '../../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { createCampaigns, readTarget, updateTarget, type StoredCampaign } from '../lib/campaigns.ts';
import { authenticationConfig, KeyObjectAuthenticationService, throwIfInvalidUpdate } from '../lib/feathers.ts';
import { serve } from '../lib/serve.ts';

interface User {
  readonly id: number;
  readonly email: string;
}

interface CampaignService {
  get(id: string): Promise<StoredCampaign>;
  patch(id: string, data: StoredCampaign): Promise<StoredCampaign>;
}

interface Services {
  campaigns: CampaignService;
  users: MemoryService<User>;
  authentication: KeyObjectAuthenticationService;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-feathers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));

function found(campaign: StoredDocument | null): StoredCampaign {
  if (campaign === null) throw new NotFound('There is no such campaign.');
  return campaign as unknown as StoredCampaign;
}

/** A service that keeps what it acknowledges. */
async function createDurableCampaigns(): Promise<CampaignService> {
  const store = await openEmbeddedStore({ directory: join(folder, 'data') });
  const collection = store.collection<StoredDocument>(spec);
  await collection.createIndexes();
  await collection.bulkWrite(
    [...createCampaigns().values()].map(campaign => ({
      insertOne: { document: campaign as unknown as StoredDocument },
    })),
  );
  return {
    get: async id => found(await collection.findOne({ _id: id })),
    patch: async (id, data) => found(await collection.findOneAndUpdate({ _id: id }, { $set: data })),
  };
}

async function logError(_context: HookContext, next: NextFunction): Promise<void> {
  try {
    await next();
  } catch (error) {
    console.error(error);
    throw error;
  }
}

const app = koa(feathers<Services>());
app.use(cors());
app.use(serveStatic(folder));
app.use(errorHandler());
app.use(parseAuthentication());
app.use(bodyParser());
app.configure(rest());

app.set('authentication', { ...authenticationConfig, entity: 'user', service: 'users' });
const authentication = new KeyObjectAuthenticationService(app);
authentication.register('jwt', new JWTStrategy());
app.use('authentication', authentication);

const campaigns: CampaignService =
  process.argv[2] === 'durable'
    ? await createDurableCampaigns()
    : memory<StoredCampaign>({ id: '_id', store: Object.fromEntries(createCampaigns()) });
app.use('users', memory<User>({ store: { 1: { id: 1, email: 'bench@presale.example' } } }), {
  methods: ['find', 'get', 'create', 'patch', 'remove'],
});
app.service('users').hooks({
  around: {
    find: [authenticate('jwt')],
    get: [authenticate('jwt')],
    patch: [authenticate('jwt')],
    remove: [authenticate('jwt')],
  },
});
app.use('campaigns', campaigns, { methods: ['get', 'patch'] });
app.service('campaigns').hooks({
  around: { all: [authenticate('jwt')] },
  before: { patch: [throwIfInvalidUpdate] },
});
app.hooks({ around: { all: [logError] } });
await app.setup();

const accessToken = await authentication.createAccessToken({}, { subject: '1' });
const headers = { authorization: `Bearer ${accessToken}` };
const handle = app.callback();
serve((req, res) => void handle(req, res), {
  read: readTarget('/campaigns/', headers),
  update: updateTarget('PATCH', '/campaigns/', headers),
});
