import { rememberByText } from '../../lib/remember.ts';
import { type CampaignState } from '../datastore/state-fold.ts';
import { measurePatches } from '../datastore/state-journal.ts';
import { createEvent } from './envelope.ts';
import { createFrame, type Frame } from './frame.ts';
import { type StateBatch, type StateChange, type StateSnapshotEvent } from './state/events.ts';
import { applyVariant, createVariantViewer, isBatchMovingChoice } from './state/variants.ts';

/** How a subscriber wants versions: as patches, or as whole states. */
export type StateMode = 'patch' | 'full';

/** What a subscriber sees: the state itself, or a variant of it (`key`; undefined when there is none to be had). */
export type StateView = { readonly isRaw: true } | { readonly isRaw: false; readonly key: string | undefined };

/** The type of every event about a campaign's state. */
const STATE_EVENT = 'campaign:state:v1:success';
/** Patches that are longer than this together are no better than the state. */
const MAX_PATCHES_LENGTH = 256 * 1024;

const viewBatch = createVariantViewer();
/** Whose changes they are, and why, is the same for many. */
const quote = rememberByText(text => JSON.stringify(text), { max: 1_000 });

/** Versions that go out together, and the frames that are made of them, each once. */
export interface FrameGroup {
  readonly toVersion: number;
  /** Whether subscribers may have another variant after it than before. */
  readonly isChoiceChanged: boolean;
  /**
   * The frame for those who have seen everything up to a version and nothing after it. Null when they need a snapshot
   * instead: which variant is theirs may have changed, or the patches are longer than the state.
   */
  select(version: number, mode: StateMode, view: StateView): Frame | null;
}

/** Makes a group of batches that follow each other. There is at least one. */
export function createFrameGroup(batches: readonly StateBatch[], at: Date): FrameGroup {
  const frames = new Map<string, Frame | null>();
  /** The frame of those who see the state itself as patches and have missed nothing: nearly everybody's. */
  let usual: Frame | null | undefined;
  const changes = batches.flatMap(batch => batch.changes);
  const fromVersion = changes[0]?.version ?? 0;
  const make = (version: number, mode: StateMode, view: StateView): Frame | null => {
    const seen = view.isRaw ? changes : selectVariantChanges(batches, view.key);
    const missed = seen?.filter(change => change.version > version);
    const last = missed?.at(-1);
    const batch = batches.at(-1);
    if (missed === undefined || last === undefined || batch === undefined) return null;
    const { campaignId } = batch;
    if (mode === 'patch') return createChangesFrame(campaignId, missed, at);
    const state = applyView(batch.after, view);
    const { version: number, changeId, by, cause } = last;
    const head = { campaignId, version: number, changeId, by, at: last.at, cause };
    return createStateFrame(campaignId, { ...head, state }, at);
  };
  return {
    toVersion: changes.at(-1)?.version ?? 0,
    isChoiceChanged: batches.some(isBatchMovingChoice),
    select(version, mode, view) {
      const seen = Math.max(version, fromVersion - 1);
      if (view.isRaw && mode === 'patch' && seen === fromVersion - 1) {
        if (usual === undefined) usual = make(version, mode, view);
        return usual;
      }
      const key = `${seen} ${mode} ${view.isRaw ? '' : `variant ${view.key ?? '*'}`}`;
      let frame = frames.get(key);
      if (frame === undefined) frames.set(key, (frame = make(version, mode, view)));
      return frame;
    },
  };
}

/** Makes the frame of what a subscriber missed. Null when a snapshot is shorter. */
export function createChangesFrame(campaignId: string, changes: readonly StateChange[], at: Date): Frame | null {
  if (measurePatches(changes) > MAX_PATCHES_LENGTH) return null;
  const [first] = changes;
  const id = `"campaignId":${JSON.stringify(campaignId)}`;
  const payload =
    first !== undefined && changes.length === 1
      ? `{${id},${formatChange(first)}}`
      : `{${id},"fromVersion":${first?.version ?? 0},"versions":[${changes.map(one => `{${formatChange(one)}}`).join(',')}]}`;
  return createFrame(createStateEvent(campaignId, at), payload);
}

/** Makes the frame of a whole state. */
export function createSnapshotFrame(snapshot: StateSnapshotEvent, view: StateView, at: Date): Frame {
  const { campaignId, version, changeId, state } = snapshot;
  return createStateFrame(
    campaignId,
    { campaignId, version, changeId, at: snapshot.at, state: applyView(state, view) },
    at,
  );
}

/** Gives what a subscriber sees of a state. */
export function applyView(state: CampaignState, view: StateView): CampaignState {
  return view.isRaw ? state : applyVariant(state, view.key);
}

function createStateFrame(campaignId: string, payload: Readonly<Record<string, unknown>>, at: Date): Frame {
  return createFrame({ ...createStateEvent(campaignId, at), payload });
}

function createStateEvent(campaignId: string, at: Date) {
  return createEvent(STATE_EVENT, {}, { metadata: { campaign: { campaignId } }, at });
}

/** A change as members of a JSON object; the patch is JSON text already. */
export function formatChange({ version, changeId, by, at, cause, patch }: StateChange): string {
  const head = `"version":${version},"changeId":${JSON.stringify(changeId)},"by":${quote(by)},"at":"${at.toISOString()}"`;
  return `${head},"cause":${quote(cause)},"patch":${patch}`;
}

function selectVariantChanges(batches: readonly StateBatch[], key: string | undefined): StateChange[] | undefined {
  const changes: StateChange[] = [];
  for (const batch of batches) {
    const view = viewBatch(batch, key);
    if (view.kind === 'snapshot') return undefined;
    changes.push(...view.changes);
  }
  return changes;
}
