import { startDiscoveryStandIn } from '../app/demo/discovery/server.ts';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords, UsageError } from './lib/command.ts';

const help = `
discovery-stub: a stand-in of the Discovery API with a few hundred invented artists, venues and shows, those of the demo
among them. In development the service starts one by itself; this one is for others, and runs until it is stopped.

  --port N          where it listens, on this machine (default 8081; 0 takes a free one)

Prints its address. Any API key is good.

Examples
  npm run --silent discovery-stub
  DISCOVERY_URL=http://127.0.0.1:8081/discovery/v2 DISCOVERY_API_KEY=any npm start

Exit codes
  0 stopped   2 the command line is not valid   5 the port is in use, or may not be used
`;

await runCommand({
  help,
  options: { port: { type: 'string', default: '8081' } },
  async run({ values, positionals }) {
    throwIfUnknownWords(positionals);
    const port = Number(values.port);
    if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new UsageError('--port must be from 0 to 65535.');
    const standIn = await startDiscoveryStandIn({ port });
    print(standIn.url);
    tell('Stop it with Ctrl-C.');
    // Signals alone keep no process alive.
    const alive = setInterval(() => undefined, 60_000);
    await new Promise<void>(resolve => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    clearInterval(alive);
    await standIn.stop();
    return exitCodes.done;
  },
});
