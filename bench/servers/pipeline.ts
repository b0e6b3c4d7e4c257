// The pipeline that a Koa service usually has, from the usual packages: compression, body parser, router, koa-jwt with
// RS256, a prom-client histogram and a pino access log. Its two classic mistakes are left out, so that the peer shows
// what the packages cost and no more: the key is a KeyObject (as a string, jsonwebtoken parses it again for every
// request), and the log reads the length from the header that was sent (`ctx.length` would serialise the body again).
import { generateKeyPairSync } from 'node:crypto';
import { Router } from '@koa/router';
import jsonwebtoken from 'jsonwebtoken';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import compress from 'koa-compress';
import jwt from 'koa-jwt';
import { pino } from 'pino';
import { Histogram, Registry } from 'prom-client';
import { createCampaigns, isUpdate, readTarget, updateTarget } from '../lib/campaigns.ts';
import { serve } from '../lib/serve.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const campaigns = createCampaigns();
const log = pino(pino.destination('/dev/null'));
const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'The duration of requests.',
  labelNames: ['method', 'route', 'status'],
  registers: [new Registry()],
});

const router = new Router({ prefix: '/campaigns' });
router.get('/:id', ctx => {
  ctx.body = campaigns.get(ctx.params.id ?? '');
});
router.post('/:id', ctx => {
  const id = ctx.params.id ?? '';
  const stored = campaigns.get(id);
  const { body } = ctx.request;
  if (stored === undefined) return;
  if (!isUpdate(body)) {
    ctx.status = 400;
    ctx.body = isUpdate.errors;
    return;
  }
  const updated = { ...stored, ...body };
  campaigns.set(id, updated);
  ctx.body = updated;
});

const app = new Koa();
app.use(async (ctx, next) => {
  const started = process.hrtime.bigint();
  ctx.res.on('finish', () => {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const { method, url, status } = ctx;
    duration.observe({ method, route: String(ctx._matchedRoute ?? 'none'), status: String(status) }, seconds);
    log.info({ method, url, status, length: ctx.res.getHeader('content-length'), ms: seconds * 1e3 }, 'request');
  });
  await next();
});
app.use(compress());
app.use(bodyParser());
// koa-jwt takes a KeyObject and hands it on; its types do not know that.
app.use(jwt({ secret: publicKey as unknown as Buffer, algorithms: ['RS256'] }));
app.use(router.routes()).use(router.allowedMethods());

const token = jsonwebtoken.sign({ userId: 'bench', supreme: true }, privateKey, {
  algorithm: 'RS256',
  expiresIn: '1d',
});
const headers = { authorization: `Bearer ${token}` };
const handle = app.callback();
serve((req, res) => void handle(req, res), {
  read: readTarget('/campaigns/', headers),
  update: updateTarget('POST', '/campaigns/', headers),
});
