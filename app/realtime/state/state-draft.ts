import { type CampaignState } from '../../datastore/state-fold.ts';

/** A state in the making: each part is copied once, however many patches touch it, and the state that it came from stays. */
export interface StateDraft {
  /** The state so far. It is altered by the next patch. */
  readonly state: CampaignState;
  /** Applies the difference of two states, as `createMergePatch` gives it: no null in what is new. */
  apply(patch: CampaignState): void;
}

type Part = Record<string, unknown>;

/** Begins a draft on a state, which is not altered. */
export function createStateDraft(base: CampaignState): StateDraft {
  const own = new Set<unknown>();
  let state = base;
  const copy = (part: CampaignState): Part => {
    const copied = { ...part };
    own.add(copied);
    return copied;
  };
  const applyTo = (part: Part, patch: CampaignState): void => {
    for (const key in patch) {
      const value = patch[key];
      const old = Object.hasOwn(part, key) ? part[key] : undefined;
      if (value === null) delete part[key];
      else if (isPart(value) && isPart(old)) {
        const inner = own.has(old) ? old : (part[key] = copy(old));
        applyTo(inner, value);
      } else part[key] = value;
    }
  };
  return {
    get state() {
      return state;
    },
    apply(patch) {
      if (!own.has(state)) state = copy(state);
      applyTo(state, patch);
    },
  };
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
