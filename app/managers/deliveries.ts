import { type ManagerContext } from '../context.ts';
import { type DeadDelivery, type EffectName, effectNames } from '../datastore/changes.ts';
import { throwIfNotSupreme } from '../policy.ts';

/** What there is to deliver to one effect. */
export interface EffectState {
  readonly effect: EffectName;
  /** Whether the configuration names a target. */
  readonly isEnabled: boolean;
  readonly pending: number;
  readonly due: number;
  readonly dead: number;
  /** How long ago the oldest pending change was made; null when there is none. */
  readonly oldestAgeSeconds: number | null;
  /** As this instance sees the target; null when the effect is off. */
  readonly circuit: 'closed' | 'halfOpen' | 'open' | null;
}

/** A change that could not be delivered. */
export interface DeadLetter {
  readonly changeId: string;
  readonly collection: string;
  readonly documentId: string;
  readonly campaignId?: string;
  readonly version: number;
  readonly at: Date;
  readonly deliveries: readonly DeadDelivery[];
}

/** The state of all deliveries, with a page of the dead. */
export interface DeliveriesState {
  readonly effects: readonly EffectState[];
  readonly dead: {
    readonly rows: readonly DeadLetter[];
    readonly page: number;
    readonly pageSize: number;
    readonly total: number;
  };
}

/** Counts what is pending, due and dead by effect, and gives a page of the dead, the latest changes first. Only for supreme users. */
export async function findDeliveries(
  ctx: ManagerContext<'deliveries'>,
  {
    effect,
    page,
    pageSize,
  }: { readonly effect?: EffectName | undefined; readonly page: number; readonly pageSize: number },
): Promise<DeliveriesState> {
  throwIfNotSupreme(ctx.actor);
  const { deliveries } = ctx.datastore;
  const effects: EffectState[] = [];
  // One after the other: a backlog is counted, not raced through.
  for (const name of effectNames) effects.push(await findState(ctx, name));
  const selected = effect === undefined ? effectNames : [effect];
  const found = await deliveries.findDead({ effects: selected }, { page, pageSize });
  const rows = found.rows.map(({ _id, collection, documentId, campaignId, version, at, dead = [] }): DeadLetter => ({
    changeId: _id,
    collection,
    documentId,
    ...(campaignId !== undefined && { campaignId }),
    version,
    at,
    deliveries: dead.filter(one => selected.includes(one.effect)),
  }));
  return { effects, dead: { ...found, rows } };
}

async function findState(ctx: ManagerContext<'deliveries'>, effect: EffectName): Promise<EffectState> {
  const now = ctx.clock();
  const { oldestAt, ...counts } = await ctx.datastore.deliveries.summarize(effect, now);
  const ageMs = oldestAt === null ? null : Math.max(0, now.getTime() - oldestAt.getTime());
  return {
    effect,
    isEnabled: ctx.service.deliveries.isEnabled(effect),
    ...counts,
    oldestAgeSeconds: ageMs === null ? null : Math.round(ageMs / 1000),
    circuit: ctx.service.deliveries.circuitOf(effect) ?? null,
  };
}

/**
 * Has dead deliveries tried again, those of an effect, of named changes, or both: they are pending, due at once, and have
 * all their attempts before them. Only for supreme users. Gives how many.
 */
export async function redrive(
  ctx: ManagerContext<'deliveries'>,
  {
    effect,
    changeIds,
  }: { readonly effect?: EffectName | undefined; readonly changeIds?: readonly string[] | undefined },
): Promise<{ redriven: number }> {
  throwIfNotSupreme(ctx.actor);
  const redriven = await ctx.datastore.deliveries.redrive(
    { effects: effect === undefined ? effectNames : [effect], ...(changeIds !== undefined && { changeIds }) },
    ctx.clock(),
  );
  ctx.log.info('deliveries.redriven', { effect, redriven });
  return { redriven };
}
