// Bare Koa: one middleware. The argument says whether the body is an object or a ready Buffer.
import Koa from 'koa';
import { campaignDocument } from '../document.ts';
import { readTarget } from '../lib/campaigns.ts';
import { serve } from '../lib/serve.ts';

const document = campaignDocument(1);
const ready = Buffer.from(JSON.stringify(document));
const app = new Koa();

if (process.argv[2] === 'buffer') {
  app.use(ctx => {
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = ready;
  });
} else {
  app.use(ctx => {
    ctx.body = document;
  });
}

const handle = app.callback();
serve((req, res) => void handle(req, res), { read: readTarget('/campaigns/') });
