import { signToken } from '../lib/auth/sign-token.ts';
import { selectKeySource } from '../config/rules.ts';
import { type Config } from '../config/schema.ts';
import { type App } from './app.ts';
import { seedDemo } from './demo/seed.ts';

const TOKEN_SECONDS = 12 * 60 * 60;

/** Fills an empty embedded store with demo data, and tells an engineer where everything is. */
export async function greet(
  app: App,
  { config, url }: { readonly config: Config; readonly url: string },
): Promise<void> {
  const { service, jwt } = config;
  const seeded =
    service.seedDemo && app.store.kind === 'embedded' ? await seedDemo(app.contexts.forSystem('demo')) : null;
  const lines = [
    `campaign-service listens on ${url}`,
    `API docs:          ${url}/docs`,
    `Data:              ${app.store.location}${seeded === null ? '' : ` (demo: ${seeded.campaigns} campaigns, ${seeded.markets} markets)`}`,
  ];
  // With a key of its own, only its owner makes tokens.
  const secret = selectKeySource(jwt)?.secret;
  if (secret !== undefined) {
    const token = signToken(
      { userId: 'developer', supreme: true },
      { key: secret, expiresInSeconds: TOKEN_SECONDS, issuer: jwt.issuer, audience: jwt.audience },
    );
    lines.push(`Development token: ${token}`);
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}
