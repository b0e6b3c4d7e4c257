import { ValidationError } from '../../../lib/errors.ts';
import { type Caller } from '../bus.ts';
import { type Connection } from '../connection.ts';

/** Gives what a caller is connected by. Throws `ValidationError` for one who only asks. */
export function selectConnection({ connection }: Caller): Connection {
  if (connection !== undefined) return connection;
  throw new ValidationError([{ path: '', message: 'can be asked for over a connection alone' }]);
}
