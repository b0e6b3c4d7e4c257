import { market } from '../../schemas/market.ts';
import { marketNotified, marketNotifiedResult, marketNotifyDate } from '../../schemas/market-notification.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { pagingQuery, replyPage } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Markets';

/** The routes by which jobs remind fans of presales. */
export const marketReminderRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/markets/upcoming',
    tag,
    summary: 'List the markets whose presale is near',
    description:
      'The presale begins in 2 to 27 hours; the campaign is OPEN or CLOSED and reminds its fans by itself. The earliest first.',
    permission: 'supreme',
    query: pagingQuery,
    response: { status: 200, kind: 'list', description: 'A page of markets.', schema: market },
    handler: async (ctx, { query }) => replyPage(await marketManager.findUpcoming(ctx, query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/markets/notifiable',
    tag,
    summary: 'List the markets whose fans are to be reminded now',
    description: 'Their date has come and they are not marked as notified. The earliest first.',
    permission: 'supreme',
    query: pagingQuery,
    response: { status: 200, kind: 'list', description: 'A page of markets.', schema: market },
    handler: async (ctx, { query }) => replyPage(await marketManager.findNotifiable(ctx, query)),
  }),
  defineRoute({
    method: 'POST',
    path: '/markets/notifyDate',
    tag,
    summary: 'Set when fans of markets are to be reminded',
    description:
      'From now to the presale. The date that a market has already changes nothing; another makes it due again.',
    permission: 'supreme',
    body: marketNotifyDate,
    response: {
      status: 200,
      kind: 'document',
      description: 'The markets.',
      schema: { type: 'array', items: market, description: 'The markets.' },
    },
    errors: ['INVALID_CAMPAIGN'],
    handler: async (ctx, { body }) => ({ data: await marketManager.setNotifyDate(ctx, body) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/markets/notified',
    tag,
    summary: 'Mark markets as notified',
    description: 'A repeat changes nothing; markets that are gone are named, not refused.',
    permission: 'supreme',
    body: marketNotified,
    response: { status: 200, kind: 'document', description: 'What came of it.', schema: marketNotifiedResult },
    handler: async (ctx, { body }) => ({ data: await marketManager.markNotified(ctx, body.marketIds) }),
  }),
];
