// The least that does the work over Socket.IO: an update is merged, counted, sent to the room of the subscribers, and
// answered.
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { announce } from '../lib/serve.ts';
import { createMembers } from '../realtime/update-patch.ts';

const ROOM = 'subscribers';
const state = createMembers();
let version = 0;

const server = createServer();
const io = new Server(server, { serveClient: false });
io.on('connection', socket => {
  socket.on('subscribe', (done: () => void) => {
    void socket.join(ROOM);
    done();
  });
  socket.on('update', (patch: Record<string, unknown>, done: (answer: { version: number }) => void) => {
    Object.assign(state, patch);
    version += 1;
    io.to(ROOM).emit('patch', { version, patch });
    done({ version });
  });
});
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port, {}));
