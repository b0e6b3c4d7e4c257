import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type RawReply } from '../../lib/middlewares/request-state.ts';

/** The API's description, for machines and as a page. */
export interface Docs {
  openapi(): string;
  /** The same for the channel. */
  asyncapi(): string;
  page(): RawReply;
  /** A file that the page loads; null when it is not one of them. */
  asset(name: string): Promise<RawReply | null>;
}

const start = `window.onload = () => SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, docExpansion: 'list', persistAuthorization: false });\n`;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>campaign-service API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="stylesheet" href="/docs/docs.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/docs.js"></script>
  </body>
</html>
`;

/** The page of the package knows one look; inverted it serves those who prefer the dark. */
const style = `body { margin: 0; background: #fff; }
.swagger-ui .topbar { display: none; }
.swagger-ui .scheme-container { background: none; box-shadow: none; padding: 12px 0; }
.swagger-ui .info { margin: 24px 0 0; }
@media (max-width: 600px) { .swagger-ui .wrapper { padding: 0 12px; } .swagger-ui .opblock .opblock-summary-description { display: none; } }
@media (prefers-color-scheme: dark) {
  body { background: #14171c; }
  .swagger-ui { filter: invert(0.9) hue-rotate(180deg); }
  .swagger-ui .highlight-code, .swagger-ui .microlight, .swagger-ui img { filter: invert(1) hue-rotate(180deg); }
}
`;

/** The files of the package that are served, and their types. Maps: what is asked for may be called `constructor`. */
const packageFiles: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
]);

const ownFiles: ReadonlyMap<string, { readonly raw: string; readonly type: string }> = new Map([
  ['docs.js', { raw: start, type: 'text/javascript; charset=utf-8' }],
  ['docs.css', { raw: style, type: 'text/css; charset=utf-8' }],
]);

const headers = { 'cache-control': 'public, max-age=3600' };

/** Makes the documentation: everything is served from here, the page asks nothing of any other host. */
export function createDocs({ openapi, asyncapi }: Pick<Docs, 'openapi' | 'asyncapi'>): Docs {
  const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return {
    openapi,
    asyncapi,
    page: () => ({
      raw: page,
      type: 'text/html; charset=utf-8',
      headers: {
        ...headers,
        // The page of the package styles elements as it goes.
        'content-security-policy':
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
      },
    }),
    async asset(name) {
      const own = ownFiles.get(name);
      if (own !== undefined) return { ...own, headers };
      const type = packageFiles.get(name);
      return type === undefined ? null : { raw: await readFile(join(directory, name)), type, headers };
    },
  };
}
