import { applyPatchText, type CampaignState } from '../../app/datastore/state-fold.ts';
import { type StateEvent } from '../../app/realtime/state/events.ts';

/** A subscriber that builds the state from what it gets, and notes what breaks the promise made to it. */
export interface StateView {
  readonly listener: (event: StateEvent) => void;
  readonly events: StateEvent[];
  /** The versions that it was given, a snapshot's as a negative number. */
  readonly versions: number[];
  readonly faults: string[];
  state: CampaignState | undefined;
  version: number;
  changeId: string;
}

/** Makes a subscriber, on the state that it has already when it comes back. */
export function createStateView(known?: Pick<StateView, 'state' | 'version' | 'changeId'>): StateView {
  const view: StateView = {
    events: [],
    versions: [],
    faults: [],
    state: known?.state,
    version: known?.version ?? 0,
    changeId: known?.changeId ?? '',
    listener(event) {
      const isFirst = view.events.length === 0;
      view.events.push(event);
      if (event.kind === (isFirst ? 'batch' : 'replay'))
        view.faults.push(`A ${event.kind} came as event ${view.events.length}.`);
      if (event.kind === 'snapshot') {
        ({ state: view.state, version: view.version, changeId: view.changeId } = event);
        view.versions.push(-event.version);
        return;
      }
      for (const { version, patch, changeId } of event.changes) {
        if (version !== view.version + 1) view.faults.push(`${version} came after ${view.version}.`);
        view.state = applyPatchText(view.state ?? {}, patch);
        view.version = version;
        view.changeId = changeId;
        view.versions.push(version);
      }
    },
  };
  return view;
}
