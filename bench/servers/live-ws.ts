// The least that does the work over `ws`: an update is merged, counted, answered, and sent to all subscribers, each by a
// `send` of its own. What everything else is measured by.
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { announce } from '../lib/serve.ts';
import { createMembers } from '../realtime/update-patch.ts';

const state = createMembers();
const subscribers = new Set<WebSocket>();
let version = 0;

function update({ id, patch }: { readonly id: number; readonly patch: Record<string, unknown> }): string {
  Object.assign(state, patch);
  version += 1;
  const frame = Buffer.from(JSON.stringify({ version, patch }));
  for (const subscriber of subscribers) subscriber.send(frame, { binary: false });
  return JSON.stringify({ id, version });
}

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', socket => {
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    if (text === 'subscribe') {
      subscribers.add(socket);
      socket.send('subscribed');
    } else socket.send(update(JSON.parse(text) as Parameters<typeof update>[0]));
  });
  socket.on('close', () => subscribers.delete(socket));
});
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port, {}));
