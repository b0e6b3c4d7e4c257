import { describe, expect, it } from '@jest/globals';
import { type ObjectSchema } from './route.ts';
import { businessRoutes } from './routes.ts';

const nameOf = ({ method, path }: (typeof businessRoutes)[number]): string => `${method} ${path}`;

describe('the routes about the business', () => {
  it('are declared once each', () => {
    const names = businessRoutes.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are none of them hidden by one that stands before it', () => {
    const toPattern = (path: string): RegExp => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);
    businessRoutes.forEach((route, at) => {
      const hiding = businessRoutes
        .slice(0, at)
        .filter(({ method, path }) => method === route.method && toPattern(path).test(route.path));
      expect([nameOf(route), hiding.map(nameOf)]).toEqual([nameOf(route), []]);
    });
  });

  it('name a campaign where they ask for a permission on one', () => {
    for (const route of businessRoutes) {
      if (route.permission === 'read' || route.permission === 'update') expect(route.path).toContain(':campaignId');
    }
  });

  it('let nobody pass without a token, except where the public may be let in', () => {
    expect(businessRoutes.filter(({ permission }) => permission === 'public').map(nameOf)).toEqual([]);
    expect(
      businessRoutes
        .filter(({ permission }) => permission === 'read-or-public')
        .map(nameOf)
        .sort(),
    ).toEqual(['GET /campaigns', 'GET /campaigns/:campaignId/status', 'GET /campaigns/status']);
  });

  it('take updates as POST and as PATCH alike', () => {
    const patched = businessRoutes.filter(({ method }) => method === 'PATCH');
    expect(patched.length).toBeGreaterThan(2);
    for (const patch of patched) {
      const post = businessRoutes.find(({ method, path }) => method === 'POST' && path === patch.path);
      expect(post).toMatchObject({ permission: patch.permission, body: patch.body, headers: patch.headers });
    }
  });

  it('refuse unknown parameters, and describe each that they know', () => {
    for (const { query, headers, ...route } of businessRoutes) {
      if (query !== undefined) expect([route.path, query]).toMatchObject([route.path, { additionalProperties: false }]);
      for (const schema of [query, headers]) {
        const { properties = {} }: ObjectSchema = schema ?? {};
        for (const property of Object.values(properties)) {
          expect(property).toMatchObject({ description: expect.stringMatching(/\.$/) as unknown });
        }
      }
    }
  });
});
