// Follows a campaign's live state: node examples/subscriber.js <campaign>, with API and TOKEN in the environment.
import { io } from 'socket.io-client';

const [campaignId] = process.argv.slice(2);
const { API, TOKEN } = process.env;
const socket = io(API, { auth: { token: TOKEN }, transports: ['websocket'] });
let since; // where to go on after the connection was lost

socket.on('connect', async () => {
  const request = { type: 'campaign:subscribe:v1:requested', eventId: crypto.randomUUID() };
  const { payload } = await socket.emitWithAck('event', { ...request, payload: { campaignId, since } });
  if (payload.error) throw new Error(payload.error.message);
});
socket.on('event', ({ type, payload }) => {
  if (type !== 'campaign:state:v1:success') return;
  for (const { version, changeId, cause = 'now', state, patch } of payload.versions ?? [payload]) {
    since = { version, changeId };
    console.log(`${cause}: ${state ? Object.keys(state).length + ' members' : JSON.stringify(patch)}`);
  }
});
socket.on('connect_error', error => console.error(error.data?.error.message ?? error.message));
