import { ValidationError } from '../../../lib/errors.ts';
import {
  type HistoryPayload,
  type ListPayload,
  type StatePayload,
  type SubscribePayload,
} from '../../../schemas/channel-requests.ts';
import { type ContextFactory } from '../../context-factory.ts';
import { type Datastores } from '../../datastore/datastores.ts';
import { list } from '../../managers/campaigns/list.ts';
import { isAllowed } from '../../policy.ts';
import { type ActionRequest } from '../bus.ts';
import { requests } from '../declarations.ts';
import { type EventPayload } from '../envelope.ts';
import { type PayloadHandler, type Registrar } from '../registrar.ts';
import { type CampaignStateManager } from '../state/campaign-state-manager.ts';
import { StateVersionMismatchError } from '../state/errors.ts';
import { type StateChange } from '../state/events.ts';
import { type StateOperation } from '../state/operations.ts';
import { applyView } from '../state-frames.ts';
import { type Subscriptions } from '../subscriptions.ts';
import { selectConnection } from './select-connection.ts';
import { createViewSelector, seesVariants } from './views.ts';

export interface CampaignActionsDependencies {
  readonly states: CampaignStateManager;
  readonly subscriptions: Subscriptions;
  readonly users: Pick<Datastores['users'], 'selectReference'>;
  readonly contexts: ContextFactory;
}

/** Gives the operation that a request's payload, which was checked, asks for: by the kind of operation, which is also the request's name. */
const selectOperation = {
  update: ({ updates }: WritePayload) => ({ kind: 'update', updates }),
  feature: ({ features, action }: WritePayload) => ({ kind: 'feature', features, action }),
  config: ({ configType, config }: WritePayload) => ({ kind: 'config', configType, config }),
  batch: ({ operations }: WritePayload) => ({ kind: 'batch', operations }),
  rollback: ({ toVersion }: WritePayload) => ({ kind: 'rollback', toVersion }),
} as const satisfies Readonly<Record<StateOperation['kind'], (payload: WritePayload) => object>>;
const writes = Object.keys(selectOperation) as (keyof typeof selectOperation)[];

/** Registers what can be asked about campaigns and their states. */
export function registerCampaignActions(registrar: Registrar, dependencies: CampaignActionsDependencies): void {
  const { states, subscriptions, users, contexts } = dependencies;

  for (const kind of writes) {
    const write: PayloadHandler<WritePayload> = async (payload, { envelope, caller }, campaignId) => {
      const { version, changeId, at, outcome } = await states.write({
        campaignId,
        eventId: envelope.eventId,
        actor: caller.actor,
        by: await users.selectReference(caller.actor),
        operation: selectOperation[kind](payload) as StateOperation,
        expectedVersion: payload.expectedVersion,
      });
      return { campaignId, version, changeId, at, outcome };
    };
    registrar.request(requests[kind], write, explain);
  }

  registrar.request<SubscribePayload>(requests.subscribe, async (payload, { caller }, campaignId) => {
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

  registrar.request(requests.unsubscribe, async (_payload, { caller }, campaignId) => {
    const wasSubscribed = await subscriptions.unsubscribe(campaignId, selectConnection(caller));
    return { campaignId, wasSubscribed };
  });

  registrar.request<StatePayload>(requests.state, async ({ version }, { caller }, campaignId) => {
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

  registrar.request<HistoryPayload>(requests.history, async ({ before, limit }, _request, campaignId) => {
    const changes = await states.listHistory(campaignId, { ...(before !== undefined && { before }), limit });
    return { campaignId, changes: changes.map(({ patch: _patch, eventId: _eventId, ...change }) => change) };
  });

  registrar.request<ListPayload>(requests.list, async ({ limit, offset, q }, { envelope, caller }) => {
    if (offset % limit !== 0) {
      throw new ValidationError([{ path: '/offset', message: 'must be a multiple of the limit' }]);
    }
    const ctx = contexts.forActor(caller.actor, envelope.metadata.correlation ?? envelope.eventId, caller.signal);
    const page = { page: offset / limit, pageSize: limit, sortBy: 'name', direction: 1 } as const;
    const { rows, total } = await list(ctx, { q, ...page });
    return { campaigns: rows.map(selectSummary), total, limit, offset };
  });

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

/** The members of all of them: each kind has its own. */
interface WritePayload {
  readonly expectedVersion?: number;
  readonly updates?: unknown;
  readonly features?: unknown;
  readonly action?: unknown;
  readonly configType?: unknown;
  readonly config?: unknown;
  readonly operations?: unknown;
  readonly toVersion?: unknown;
}

function formatMissed({ eventId: _eventId, patch, ...change }: StateChange): EventPayload {
  return { ...change, patch: JSON.parse(patch) as unknown };
}

function selectSummary(campaign: Readonly<Record<string, unknown>>): EventPayload {
  const { _id: campaignId, name, identifier, status, date, domain } = campaign;
  return { campaignId, name, identifier, status, date, domain };
}
