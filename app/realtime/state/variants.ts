import { hash } from 'node:crypto';
import { applyMergePatch, createMergePatch, isSameJson } from '../../../lib/merge-patch.ts';
import { type CampaignState } from '../../datastore/state-fold.ts';
import { mayTouchVariants, type StateBatch, type StateChange } from './events.ts';

interface Variant {
  readonly weight: number;
  readonly overlay?: CampaignState;
}

/** Who a subscriber is, as far as variants go. */
export interface VariantChooser {
  /** The variant that the subscriber asks for. */
  readonly segment?: string | undefined;
  /** Else this one's stable hash picks. */
  readonly userId: string;
}

/** What a batch is to the subscribers of a variant. */
export type VariantView =
  /** The versions, each with the difference between the variant's own views. */
  | { readonly kind: 'changes'; readonly changes: readonly StateChange[] }
  /** Which variant a subscriber has may have changed: each needs its snapshot. */
  | { readonly kind: 'snapshot' };

function selectVariants(state: CampaignState): Readonly<Record<string, Variant>> {
  return (state['variants'] ?? {}) as Readonly<Record<string, Variant>>;
}

/**
 * Picks a subscriber's variant: the segment that it names, if there is one of that name; else by weight and the hash of
 * campaign and user, so that a user gets the same one each time, everywhere. Undefined when there is none to be had.
 */
export function selectVariant(
  campaignId: string,
  state: CampaignState,
  { segment, userId }: VariantChooser,
): string | undefined {
  const variants = selectVariants(state);
  if (segment !== undefined && Object.hasOwn(variants, segment)) return segment;
  // In the order of names: the order of an object's members may differ between instances.
  const keys = Object.keys(variants).sort();
  const total = keys.reduce((sum, key) => sum + (variants[key]?.weight ?? 0), 0);
  let rest = selectShare(campaignId, userId) * total;
  for (const key of keys) {
    const weight = variants[key]?.weight ?? 0;
    if (rest < weight) return key;
    rest -= weight;
  }
  return undefined;
}

/** A number from 0 up to 1 that belongs to the user in this campaign, always the same. */
function selectShare(campaignId: string, userId: string): number {
  return Number.parseInt(hash('sha256', `${campaignId}:${userId}`).slice(0, 12), 16) / 2 ** 48;
}

/** Gives what a subscriber of a variant sees of a state: the overlay on it, and no variants. */
export function applyVariant({ variants, ...state }: CampaignState, key: string | undefined): CampaignState {
  const overlay = key === undefined ? undefined : selectVariants({ variants })[key]?.overlay;
  return overlay === undefined ? state : (applyMergePatch(state, overlay) as CampaignState);
}

/** Whether a subscriber may have another variant than before: the names or the weights are others. */
export function isVariantChoiceChanged(before: CampaignState, after: CampaignState): boolean {
  return before['variants'] !== after['variants'] && !isSameJson(selectWeights(before), selectWeights(after));
}

/** Whether a subscriber may have another variant after any of the versions of a batch than before it. */
export function isBatchMovingChoice(batch: StateBatch): boolean {
  const { before, changes } = batch;
  // Hardly any change does, and nobody needs the states in between to find that out.
  if (!changes.some(({ patch }) => mayTouchVariants(patch))) return false;
  const { states } = batch;
  return states.some((state, at) => isVariantChoiceChanged(states[at - 1] ?? before, state));
}

function selectWeights(state: CampaignState): Record<string, number> {
  return Object.fromEntries(Object.entries(selectVariants(state)).map(([key, { weight }]) => [key, weight]));
}

/** Gives what a batch is to the subscribers of a variant (undefined: those who have none). Made once for all of them. */
export function createVariantViewer(): (batch: StateBatch, key: string | undefined) => VariantView {
  const made = new WeakMap<StateBatch, Map<string | undefined, VariantView>>();
  return (batch, key) => {
    let views = made.get(batch);
    if (views === undefined) made.set(batch, (views = new Map<string | undefined, VariantView>()));
    let view = views.get(key);
    if (view === undefined) views.set(key, (view = viewBatch(batch, key)));
    return view;
  };
}

function viewBatch(batch: StateBatch, key: string | undefined): VariantView {
  if (isBatchMovingChoice(batch)) return { kind: 'snapshot' };
  const { before, states, changes } = batch;
  let seen = applyVariant(before, key);
  return {
    kind: 'changes',
    changes: changes.map((change, at) => {
      const next = applyVariant(states[at] ?? before, key);
      const patch = JSON.stringify(createMergePatch(seen, next));
      seen = next;
      return { ...change, patch };
    }),
  };
}
