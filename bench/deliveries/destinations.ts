import { type RunOptions } from '../lib/runner.ts';
import { type ServerProcess, startServer, type Variables } from '../lib/server-process.ts';

/** Where a service delivers its changes. */
export interface Destination {
  readonly name: 'off' | 'files' | 'instant' | 'stand-ins';
  readonly label: string;
  /** The argument of a server that delivers there. */
  readonly deliver: string;
  /** The process that takes what is delivered. */
  readonly process?: ServerProcess;
}

/** All destinations, and what the servers of a benchmark must be told to reach them. */
export interface Destinations {
  readonly all: readonly Destination[];
  readonly variables: Variables;
  readonly processes: readonly ServerProcess[];
  stop(): Promise<void>;
}

/** Starts what changes can be delivered to: a process that answers at once, and one with the stand-ins. */
export async function startDestinations({ report }: Pick<RunOptions, 'report'>): Promise<Destinations> {
  report('starting the targets');
  const [instant, standIns] = await Promise.all([
    startServer('targets', ['instant']),
    startServer('targets', ['stand-ins']),
  ]);
  const processes = [instant, standIns];
  return {
    all: [
      { name: 'off', label: 'nowhere', deliver: 'off' },
      { name: 'files', label: 'files', deliver: 'files' },
      {
        name: 'instant',
        label: 'targets that answer at once',
        deliver: JSON.stringify(instant.variables),
        process: instant,
      },
      { name: 'stand-ins', label: 'stand-ins', deliver: JSON.stringify(standIns.variables), process: standIns },
    ],
    variables: { ...instant.variables },
    processes,
    stop: async () => {
      await Promise.all(processes.map(one => one.stop()));
    },
  };
}
