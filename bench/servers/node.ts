// Bare node:http: a ready Buffer for a read; JSON.parse, Ajv and a Map for an update. What everything else is measured by.
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { campaignDocument } from '../document.ts';
import { createCampaigns, isUpdate, readTarget, updateTarget } from '../lib/campaigns.ts';
import { serve } from '../lib/serve.ts';

const prefix = '/campaigns/';
const ready = Buffer.from(JSON.stringify(campaignDocument(1)));
const campaigns = createCampaigns();

function answer(res: ServerResponse, status: number, body: Buffer): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
  res.end(body);
}

function update(req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const id = req.url?.slice(prefix.length) ?? '';
    const stored = campaigns.get(id);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (stored === undefined) return answer(res, 404, Buffer.from('{}'));
    if (!isUpdate(body)) return answer(res, 400, Buffer.from(JSON.stringify(isUpdate.errors)));
    const updated = { ...stored, ...body };
    campaigns.set(id, updated);
    return answer(res, 200, Buffer.from(JSON.stringify(updated)));
  });
}

serve((req, res) => (req.method === 'GET' ? answer(res, 200, ready) : update(req, res)), {
  read: readTarget(prefix),
  update: updateTarget('POST', prefix),
});
