import { UnauthorizedError, ValidationError } from '../../../lib/errors.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import {
  batchPayload,
  configPayload,
  featurePayload,
  type HistoryPayload,
  historyPayload,
  type ListPayload,
  listPayload,
  rollbackPayload,
  type StatePayload,
  statePayload,
  type SubscribePayload,
  subscribePayload,
  unsubscribePayload,
  updatePayload,
} from '../../../schemas/channel-requests.ts';
import { type ContextFactory } from '../../context-factory.ts';
import { type Datastores } from '../../datastore/datastores.ts';
import { list } from '../../managers/campaigns/list.ts';
import { type Action, type Actor, isAllowed } from '../../policy.ts';
import { type ActionHandler, type ActionOptions, type ActionRequest, type Bus } from '../bus.ts';
import { type CampaignIds } from '../campaign-ids.ts';
import { type EventPayload } from '../envelope.ts';
import { type CampaignStateManager } from '../state/campaign-state-manager.ts';
import { StateVersionMismatchError } from '../state/errors.ts';
import { type StateChange } from '../state/events.ts';
import { type StateOperation } from '../state/operations.ts';
import { selectVariant } from '../state/variants.ts';
import { applyView, type StateView } from '../state-frames.ts';
import { type SelectView } from '../campaign-feed.ts';
import { type Subscriptions } from '../subscriptions.ts';

export interface CampaignActionsDependencies {
  readonly states: CampaignStateManager;
  readonly subscriptions: Subscriptions;
  readonly campaignIds: CampaignIds;
  readonly users: Pick<Datastores['users'], 'selectReference'>;
  readonly contexts: ContextFactory;
}

/** The kinds of operations, each a request, and the schema of its payload. */
const writes = {
  update: updatePayload,
  feature: featurePayload,
  config: configPayload,
  batch: batchPayload,
  rollback: rollbackPayload,
} as const;

/** All that can be asked about campaigns. */
export const campaignRequests = [
  ...Object.keys(writes),
  'subscribe',
  'unsubscribe',
  'state',
  'history',
  'list',
] as const;

const RAW: StateView = { isRaw: true };

/** Registers what can be asked about campaigns and their states. */
export function registerCampaignActions(bus: Bus, dependencies: CampaignActionsDependencies): void {
  const { states, subscriptions, campaignIds, users, contexts } = dependencies;

  const register = <P>(action: string, schema: object, options: ActionOptions, handler: PayloadHandler<P>): void => {
    const validator: Validator<P> = createValidator(schema);
    const { admit } = options;
    const check = ({ envelope }: ActionRequest): void => validator.throwIfInvalid(envelope.payload);
    const carryOut: ActionHandler = (request, campaignId) => {
      if (admit === undefined) check(request);
      return handler(request.envelope.payload as P, request, campaignId);
    };
    const checkFirst: ActionOptions['admit'] = request => {
      check(request);
      return admit?.(request) ?? Promise.resolve('');
    };
    bus.registerAction('campaign', action, 1, carryOut, { ...options, ...(admit && { admit: checkFirst }) });
  };

  /** Lets those pass who may do one of these on the campaign: what exactly is needed may follow from what is written. */
  const admit =
    (...actions: readonly Action[]): NonNullable<ActionOptions['admit']> =>
    async ({ envelope, caller }) => {
      const campaignId = await campaignIds.resolve(envelope.payload['campaignId'], caller.actor);
      if (!actions.some(action => isAllowed(caller.actor, action, campaignId))) throw new UnauthorizedError();
      return campaignId;
    };
  // Questions and their answers are not what happens: only who asks hears of them.
  const readers = { admit: admit('read'), isPrivate: true };

  for (const [kind, schema] of Object.entries(writes)) {
    const options = { admit: admit('state:update', 'feature:update', 'config:update'), explain };
    register<WritePayload>(kind, schema, options, async (payload, { envelope, caller }, campaignId) => {
      const { campaignId: _given, expectedVersion, ...content } = payload;
      const { version, changeId, at, outcome } = await states.write({
        campaignId,
        eventId: envelope.eventId,
        actor: caller.actor,
        by: await users.selectReference(caller.actor),
        operation: { kind, ...content } as unknown as StateOperation,
        expectedVersion,
      });
      return { campaignId, version, changeId, at, outcome };
    });
  }

  register<SubscribePayload>('subscribe', subscribePayload, readers, async (payload, { caller }, campaignId) => {
    const { since, mode = 'patch', segment } = payload;
    const { actor, signal } = caller;
    const connection = selectConnection(caller);
    const isViewFixed = segment === undefined && seesVariants(actor, campaignId);
    const selectView = createViewSelector(campaignId, actor, segment);
    const joined = await subscriptions.subscribe({
      campaignId,
      connection,
      mode,
      // Whoever sees a variant has seen another document than the one that the versions tell of.
      since: segment === undefined ? since : undefined,
      selectView,
      isViewFixed,
      signal,
    });
    return { campaignId, mode, ...joined };
  });

  register('unsubscribe', unsubscribePayload, readers, async (_payload, { caller }, campaignId) => {
    const wasSubscribed = await subscriptions.unsubscribe(campaignId, selectConnection(caller));
    return { campaignId, wasSubscribed };
  });

  register<StatePayload>('state', statePayload, readers, async ({ version }, { caller }, campaignId) => {
    const { state, ...snapshot } = await states.read(campaignId, version);
    const view = createViewSelector(campaignId, caller.actor, undefined)(state);
    return {
      campaignId,
      version: snapshot.version,
      changeId: snapshot.changeId,
      at: snapshot.at,
      state: applyView(state, view),
    };
  });

  register<HistoryPayload>('history', historyPayload, readers, async ({ before, limit }, _request, campaignId) => {
    const changes = await states.listHistory(campaignId, { ...(before !== undefined && { before }), limit });
    return { campaignId, changes: changes.map(({ patch: _patch, eventId: _eventId, ...change }) => change) };
  });

  register<ListPayload>(
    'list',
    listPayload,
    { isPrivate: true },
    async ({ limit, offset, q }, { envelope, caller }) => {
      if (offset % limit !== 0)
        throw new ValidationError([{ path: '/offset', message: 'must be a multiple of the limit' }]);
      const ctx = contexts.forActor(caller.actor, envelope.metadata.correlation ?? envelope.eventId, caller.signal);
      const page = { page: offset / limit, pageSize: limit, sortBy: 'name', direction: 1 } as const;
      const { rows, total } = await list(ctx, { q, ...page });
      return { campaigns: rows.map(selectSummary), total, limit, offset };
    },
  );

  /** What brings one up to date who expected another version, as far as it may read. */
  function explain(error: unknown, { caller }: ActionRequest): EventPayload {
    if (!(error instanceof StateVersionMismatchError)) return {};
    const { currentVersion, catchUp } = error;
    const { campaignId } = catchUp;
    if (!isAllowed(caller.actor, 'read', campaignId)) return { currentVersion };
    if (catchUp.kind === 'replay' && seesVariants(caller.actor, campaignId)) {
      return { campaignId, currentVersion, versions: catchUp.changes.map(formatMissed) };
    }
    if (catchUp.kind === 'replay') return { campaignId, currentVersion };
    const { version, changeId, state } = catchUp;
    const view = createViewSelector(campaignId, caller.actor, undefined)(state);
    return { campaignId, currentVersion, version, changeId, state: applyView(state, view) };
  }
}

type PayloadHandler<P> = (payload: P, request: ActionRequest, campaignId: string) => Promise<EventPayload>;

interface WritePayload {
  readonly campaignId: string | number;
  readonly expectedVersion?: number;
}

/** Whether an actor works on the variants themselves, and so sees the state as it is. */
function seesVariants(actor: Actor, campaignId: string): boolean {
  return isAllowed(actor, 'config:update', campaignId);
}

function createViewSelector(campaignId: string, actor: Actor, segment: string | undefined): SelectView {
  if (segment === undefined && seesVariants(actor, campaignId)) return () => RAW;
  return state => {
    const isVaried = Object.keys((state['variants'] as object | undefined) ?? {}).length > 0;
    if (!isVaried) return RAW;
    return { isRaw: false, key: selectVariant(campaignId, state, { segment, userId: actor.userId }) };
  };
}

function selectConnection({ connection }: ActionRequest['caller']) {
  if (connection === undefined) {
    throw new ValidationError([{ path: '', message: 'can be asked for over a connection alone' }]);
  }
  return connection;
}

function formatMissed({ eventId: _eventId, patch, ...change }: StateChange): EventPayload {
  return { ...change, patch: JSON.parse(patch) as unknown };
}

function selectSummary(campaign: Readonly<Record<string, unknown>>): EventPayload {
  const { _id: campaignId, name, identifier, status, date, domain } = campaign;
  return { campaignId, name, identifier, status, date, domain };
}
