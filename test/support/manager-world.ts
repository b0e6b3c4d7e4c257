import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ManagerContext } from '../../app/context.ts';
import { type CampaignDocument } from '../../app/datastore/campaign-document.ts';
import { type ChangeRecord, type Changes } from '../../app/datastore/changes.ts';
import {
  createDatastores,
  type Datastores,
  openChanges,
  openVersionedCollections,
  specs,
} from '../../app/datastore/datastores.ts';
import { type Store } from '../../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { createDispatcher, type Dispatcher } from '../../app/hooks/dispatcher.ts';
import { type Actor } from '../../app/policy.ts';
import { createLateDoor } from '../../app/realtime/event-door.ts';
import { createCache } from '../../app/services/cache/cache.ts';
import { createCampaignCache } from '../../app/services/campaign-cache.ts';
import { createPasswords } from '../../app/services/passwords.ts';
import { createPromoterCache } from '../../app/services/promoter-cache.ts';
import { createRevocations } from '../../app/services/revocations.ts';
import { type Services } from '../../app/services/services.ts';
import { createFieldEncryption } from '../../lib/field-encryption.ts';
import { createId } from '../../lib/ids.ts';
import { silentLog } from '../../lib/log.ts';

/** Managers over real datastores and an embedded store on a fresh folder, with a clock that the test moves. */
export interface ManagerWorld {
  readonly store: Store;
  readonly datastores: Datastores;
  readonly changes: Changes;
  readonly dispatcher: Dispatcher;
  /** The context of a call; a supreme user's unless told. */
  createContext(actor?: Actor | null): ManagerContext;
  setTime(instant: string): void;
  /** Puts a campaign into the database, by the fields that matter to the test. */
  insertCampaign(fields?: Partial<CampaignDocument>): Promise<CampaignDocument>;
  /** The recorded changes of a document, the latest first. */
  findChanges(documentId: string): Promise<readonly ChangeRecord[]>;
  close(): Promise<void>;
}

/** A user who may do everything. */
export const supreme: Actor = { userId: 'supreme-user', supreme: true, campaigns: new Map(), issuedAt: 0 };

/** A user who may do this on these campaigns. */
export function createActor(action: 'read' | 'update', ...campaignIds: string[]): Actor {
  return {
    userId: 'some-user',
    supreme: false,
    campaigns: new Map(campaignIds.map(id => [id, new Set([action])])),
    issuedAt: 0,
  };
}

/** Opens a world, with these services in the place of the usual; `close` removes its folder. */
export async function openManagerWorld(overrides: Partial<Services> = {}): Promise<ManagerWorld> {
  const directory = await mkdtemp(path.join(tmpdir(), 'managers-'));
  const store = await openEmbeddedStore({ directory });
  await Promise.all(specs.map(spec => store.collection(spec).createIndexes()));
  let now = new Date('2026-03-01T12:00:00.000Z');
  const clock = (): Date => now;
  const log = silentLog('test');
  const changes = openChanges(store);
  const dispatcher = createDispatcher({ collections: openVersionedCollections(store), changes, clock, log });
  const datastores = createDatastores({ store, changes, outbox: dispatcher, clock });
  const service: Services = {
    campaignCache: createCampaignCache({ maxBytes: 10_000_000, ttlMs: 0 }),
    promoterCache: createPromoterCache(createCache({ maxBytes: 1_000_000, shared: null, count: () => undefined }), {
      ttlSeconds: 60,
    }),
    discovery: null,
    discoveryValidation: 'enforce',
    gitlab: { missing: ['GITLAB_URL', 'GITLAB_TOKEN', 'GITLAB_PROJECT'] },
    passwords: createPasswords({ limit: 3, windowSeconds: 300 }),
    fieldEncryption: createFieldEncryption([Buffer.alloc(32, 7).toString('base64')]),
    events: createLateDoor(() => undefined),
    deliveries: { isEnabled: () => true, circuitOf: () => 'closed' },
    revocations: createRevocations({ users: datastores.users, log }),
    refreshOptions: { batchSize: 200, inactiveAfterDays: 30 },
    publicReads: false,
    ...overrides,
  };

  return {
    store,
    datastores,
    changes,
    dispatcher,
    createContext: (actor = supreme) => ({
      correlation: 'test',
      actor,
      address: '127.0.0.1',
      datastore: datastores,
      service,
      log,
      clock,
      signal: new AbortController().signal,
    }),
    setTime: instant => {
      now = new Date(instant);
    },
    async insertCampaign(fields = {}) {
      const _id = createId();
      return datastores.campaigns.insert(
        {
          _id,
          type: 'registration',
          schema: { version: 2 },
          status: 'OPEN',
          statusHistory: [],
          name: `Campaign ${_id}`,
          identifier: `campaign-${_id}`,
          date: { created: now, updated: now },
          audit: { createdBy: 'test', updatedBy: 'test' },
          search: [],
          ...fields,
        },
        {
          describeChange: () => ({
            cause: 'campaign.created',
            effects: [],
            by: 'test',
            correlation: 'test',
            campaignId: _id,
          }),
        },
      );
    },
    async findChanges(documentId) {
      await dispatcher.drain();
      return (await changes.findByDocument(documentId, { page: 0, pageSize: 100 })).rows;
    },
    async close() {
      await dispatcher.drain();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
