// The least of Feathers 5 that does the work: its memory service over its Socket.IO transport, whose events are published
// to a channel. No authentication, no validation.
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { feathers, type RealTimeConnection } from '@feathersjs/feathers';
import { memory, type MemoryService } from '@feathersjs/memory';
import { socket as socketTransport } from '@feathersjs/transport-commons';
import { Server, type Socket } from 'socket.io';
import { announce } from '../lib/serve.ts';
import { campaignId } from '../document.ts';
import { createMembers } from '../realtime/update-patch.ts';

const CHANNEL = 'subscribers';
type State = Record<string, unknown>;

const server = createServer();
const io = new Server(server, { serveClient: false });
const app = feathers<{ campaigns: MemoryService<State> }>();
// What @feathersjs/socketio does, but for the authentication of sockets.
const connections = new WeakMap<object, RealTimeConnection>();
const sockets = new WeakMap<RealTimeConnection, Socket>();
io.use((socket, next) => {
  const connection = { provider: 'socketio', headers: socket.handshake.headers };
  connections.set(socket, connection);
  sockets.set(connection, socket);
  next();
});
app.configure(
  socketTransport({
    done: Promise.resolve(io),
    emit: 'emit',
    socketMap: sockets,
    getParams: (socket: object) => connections.get(socket) ?? {},
  }),
);
app.use(
  'campaigns',
  memory<State>({ id: '_id', store: { [campaignId(1)]: { _id: campaignId(1), ...createMembers() } } }),
);
app.service('campaigns').publish(() => app.channel(CHANNEL));
await app.setup();
io.on('connection', socket => {
  socket.on('subscribe', (done: () => void) => {
    const connection = connections.get(socket);
    if (connection !== undefined) app.channel(CHANNEL).join(connection);
    done();
  });
});
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port, {}));
