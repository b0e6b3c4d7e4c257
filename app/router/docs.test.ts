import { describe, expect, it } from '@jest/globals';
import { createDocs } from './docs.ts';

describe('the documentation', () => {
  const docs = createDocs({ openapi: () => '{"openapi":"3.1.0"}', asyncapi: () => '{"asyncapi":"3.0.0"}' });

  it('is a page whose every part is served from here', async () => {
    const { raw, type, headers } = docs.page();
    expect(type).toBe('text/html; charset=utf-8');
    const parts = [...raw.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      const asset = await docs.asset(part.replace(/^\/docs\//, ''));
      expect(asset?.raw.length).toBeGreaterThan(0);
    }
    expect(headers?.['content-security-policy']).toContain("default-src 'self'");
  });

  it('loads the document that the service has', async () => {
    expect(docs.openapi()).toBe('{"openapi":"3.1.0"}');
    const script = await docs.asset('docs.js');
    expect(script?.raw.toString()).toContain('/openapi.json');
    expect(script?.type).toMatch(/^text\/javascript/);
  });

  it.each(['docs.html', '../package.json', 'package.json', '', 'constructor', '__proto__', 'toString'])(
    'has no file %j',
    async name => {
      await expect(docs.asset(name)).resolves.toBeNull();
    },
  );
});
