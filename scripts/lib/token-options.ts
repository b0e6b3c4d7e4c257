import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Action, actions } from '../../app/policy.ts';
import { selectKeySource } from '../../config/rules.ts';
import { type Config } from '../../config/schema.ts';
import { type SignOptions } from '../../lib/auth/sign-token.ts';
import { isId } from '../../lib/ids.ts';
import { UsageError } from './command.ts';

type SigningKey = Pick<SignOptions, 'key' | 'algorithm'>;

/** Reads what tokens grant, `<campaignId>:<action>,<action>` each, into the claim. Throws `UsageError`. */
export function parseGrants(grants: readonly string[]): Record<string, { readonly actions: readonly Action[] }> {
  const claim: Record<string, { actions: Action[] }> = {};
  for (const grant of grants) {
    // Actions have colons of their own; ids have none.
    const [, campaignId = '', list = 'read'] = /^([^:]*)(?::(.+))?$/.exec(grant) ?? [];
    if (!isId(campaignId)) throw new UsageError(`--campaign ${grant}: '${campaignId}' is not the id of a campaign.`);
    const granted = (claim[campaignId] ??= { actions: [] });
    for (const name of list.split(',')) {
      const action = actions.find(one => one === name);
      if (action === undefined)
        throw new UsageError(`--campaign ${grant}: there is no action '${name}', only ${actions.join(', ')}.`);
      if (!granted.actions.includes(action)) granted.actions.push(action);
    }
  }
  return claim;
}

/** Gives the secret of development. Throws `UsageError` when tokens are verified with another's public key. */
export function selectSigningKey(jwt: Config['jwt']): SigningKey {
  const secret = selectKeySource(jwt)?.secret;
  if (secret === undefined)
    throw new UsageError('Tokens are verified with a public key here: name the private one with --private-key.');
  return { key: secret, algorithm: 'HS256' };
}

/** Reads a private key, and says which algorithm it is for. Throws `UsageError`. */
export function readPrivateKey(file: string, pem: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new UsageError(`--private-key ${file} is not a private key in PEM without a passphrase.`);
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'rsa') return { key, algorithm: 'RS256' };
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return { key, algorithm: 'ES256' };
  throw new UsageError(
    `--private-key ${file}: tokens are signed with RSA or P-256, not with ${curve ?? key.asymmetricKeyType}.`,
  );
}
