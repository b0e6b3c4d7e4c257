import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { type Store } from '../../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { openMongodbStore } from '../../app/datastore/store/mongodb/mongodb-store.ts';
import { type MongodbServer, startMongodbServer } from './mongodb-server.ts';

/**
 * What the embedded store and a real MongoDB do, and a server that only speaks MongoDB's protocol may not. A case that
 * such a server cannot pass asks for the capability by name, and asserts what it does instead.
 */
export interface StoreCapabilities {
  /** Answers `explain`. */
  readonly explains: boolean;
  /** Refuses `$inc`, `$push` and a nested `$set` on null, which is neither a number, nor a list, nor a document. */
  readonly refusesOperatorsOnNull: boolean;
  /** Lets two empty lists collide in a unique index. */
  readonly indexesEmptyLists: boolean;
  /** Leaves out of a bulk's count the inserts that failed. */
  readonly countsOnlyWhatWasInserted: boolean;
  /** `findOneAndUpdate` gives the document as this update left it, whatever others do to it meanwhile. */
  readonly returnsOwnUpdate: boolean;
}

/** A store on a fresh, empty database. */
export interface OpenStore {
  readonly store: Store;
  readonly capabilities: StoreCapabilities;
  /** Closes the store and removes its database. */
  readonly close: () => Promise<void>;
  /** Kills the server behind it with SIGKILL; like the others below only where the tests started it. */
  readonly kill?: () => Promise<void>;
  /** Starts that server again: same port, same data. */
  readonly restart?: () => Promise<void>;
  /** Lets that server accept connections and answer nothing. */
  readonly pause?: () => Promise<void>;
  /** Ends the pause. */
  readonly resume?: () => void;
}

/** A store on a server that the tests started. */
export type StoreOnStartedServer = Required<OpenStore>;

/** A store that suites run over. */
export interface StoreTarget {
  readonly name: string;
  readonly kind: Store['kind'];
  readonly open: () => Promise<OpenStore>;
  /** Ends what the target started; for the end of a test file. */
  readonly stop: () => Promise<void>;
}

/** Time-outs short enough for tests that take a server away. */
export const MONGODB_TEST_TIMEOUTS = {
  serverSelectionTimeoutMs: 2000,
  socketTimeoutMs: 5000,
  maxTimeMs: 4000,
  maxPoolSize: 20,
} as const;

/**
 * The stores that suites run over: the embedded one always; the server that `MONGODB_TEST_URI` names; and a server that
 * the tests start from the command in `MONGODB_TEST_SERVER` (`{port}` and `{data}` filled in), one for each call.
 */
export function storeTargets(): StoreTarget[] {
  const { MONGODB_TEST_URI: uri, MONGODB_TEST_SERVER: command } = process.env;
  return [
    embeddedTarget(),
    ...(uri === undefined ? [] : [namedServerTarget(uri)]),
    ...(command === undefined ? [] : [startedServerTarget(command)]),
  ];
}

function embeddedTarget(): StoreTarget {
  return {
    name: 'the embedded store',
    kind: 'embedded',
    open: async () => {
      const directory = await mkdtemp(path.join(tmpdir(), 'embedded-store-'));
      const store = await openEmbeddedStore({ directory });
      const close = async (): Promise<void> => {
        await store.close();
        await rm(directory, { recursive: true, force: true });
      };
      return { store, capabilities: capabilities(true), close };
    },
    stop: async () => undefined,
  };
}

function namedServerTarget(uri: string): StoreTarget {
  return { name: 'MongoDB at MONGODB_TEST_URI', kind: 'mongodb', open: () => openOn(uri), stop: async () => undefined };
}

/** A target whose server may be killed and brought back. */
export interface StartedServerTarget extends StoreTarget {
  readonly open: () => Promise<StoreOnStartedServer>;
}

/** The target of a server that is started from a command when it is needed for the first time. */
export function startedServerTarget(command: string): StartedServerTarget {
  let server: Promise<MongodbServer> | undefined;
  return {
    name: 'the server started by MONGODB_TEST_SERVER',
    kind: 'mongodb',
    open: async () => {
      const { uri, kill, restart, pause, resume } = await (server ??= startMongodbServer(command));
      return { ...(await openOn(uri)), kill, restart, pause, resume };
    },
    stop: async () => (await server)?.stop(),
  };
}

/** Opens a store on a database of its own at a server; `close` drops the database. */
async function openOn(uri: string): Promise<OpenStore> {
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const store = await openMongodbStore({ uri, database, ...MONGODB_TEST_TIMEOUTS });
  const close = async (): Promise<void> => {
    await store.close();
    await withClient(uri, client => client.db(database).dropDatabase());
  };
  return { store, capabilities: await withClient(uri, capabilitiesOf), close };
}

const capabilities = (isComplete: boolean): StoreCapabilities => ({
  explains: isComplete,
  refusesOperatorsOnNull: isComplete,
  indexesEmptyLists: isComplete,
  countsOnlyWhatWasInserted: isComplete,
  returnsOwnUpdate: isComplete,
});

/** A real MongoDB names the commit that it was built from; a server that only speaks its protocol does not. */
async function capabilitiesOf(client: MongoClient): Promise<StoreCapabilities> {
  const buildInfo = await client.db('admin').command({ buildInfo: 1 });
  return capabilities(typeof buildInfo['gitVersion'] === 'string');
}

async function withClient<R>(uri: string, use: (client: MongoClient) => Promise<R>): Promise<R> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
