import { describe, expect, it } from '@jest/globals';
import { DomainNameConflictError } from '../errors.ts';
import { withConflicts } from './conflicts.ts';
import { DuplicateKeyError } from './store/collection.ts';

const conflicts = { domain_site: () => new DomainNameConflictError() };

describe('a refusal of a unique index', () => {
  it('becomes the conflict that the index stands for, with the refusal as its cause', async () => {
    const refusal = new DuplicateKeyError('campaigns', 'domain_site');
    const conflict = await withConflicts(conflicts, Promise.reject(refusal)).catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(DomainNameConflictError);
    expect(conflict).toMatchObject({ cause: refusal });
  });

  it('is a new error each time', async () => {
    const write = () =>
      withConflicts(conflicts, Promise.reject(new DuplicateKeyError('campaigns', 'domain_site'))).catch(
        (error: unknown) => error,
      );
    expect(await write()).not.toBe(await write());
  });

  it('stays what it is when the index stands for nothing, and so do other errors and results', async () => {
    const unknown = new DuplicateKeyError('campaigns', '_id');
    await expect(withConflicts(conflicts, Promise.reject(unknown))).rejects.toBe(unknown);
    const other = new Error('domain_site');
    await expect(withConflicts(conflicts, Promise.reject(other))).rejects.toBe(other);
    await expect(withConflicts(conflicts, Promise.resolve('written'))).resolves.toBe('written');
  });
});
