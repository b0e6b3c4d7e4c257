import { ServiceError, VersionMismatchError } from '../../../lib/errors.ts';
import { type StateReplay, type StateSnapshotEvent } from './events.ts';

/** The journal does not hold this version of the state: it was pruned, or is not there yet. */
export class StateVersionNotFoundError extends ServiceError {
  readonly type = 'STATE_VERSION_NOT_FOUND';
  readonly status = 404;
  constructor() {
    super('There is no such version of the state, or it is no longer kept.');
  }
}

/** The expected version of the state is not the current one; nothing was written. */
export class StateVersionMismatchError extends VersionMismatchError {
  /** What brings the caller up to date: the versions since the expected one, or all of the current one. */
  readonly catchUp: StateReplay | StateSnapshotEvent;

  constructor(currentVersion: number, catchUp: StateReplay | StateSnapshotEvent) {
    super(currentVersion);
    this.catchUp = catchUp;
  }
}
