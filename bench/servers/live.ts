// The service with live states, as one instance of it runs in production. The argument is JSON: where its data is, the key
// of tokens, and variables of its configuration.
import { type App, create } from '../../app/app.ts';
import { createCollector } from '../lib/collector.ts';
import { watchLoop } from '../lib/loop-delay.ts';
import { watchMemory } from '../lib/memory-peak.ts';
import { announce } from '../lib/serve.ts';
import { createServiceConfig } from '../lib/service-config.ts';
import { type LiveOrder } from '../realtime/world.ts';

const {
  data,
  publicKey,
  variables,
  isWatched = false,
  isCollected = false,
} = JSON.parse(process.argv[2] ?? '') as LiveOrder;
const running: { app?: App } = {};
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  void Promise.resolve(running.app?.stop('SIGTERM')).then(() => process.exit(0));
});
const app = await create({ config: createServiceConfig(data, publicKey, variables), environment: 'production' });
running.app = app;
const { url } = await app.start();
const selectPeak = isWatched ? watchMemory() : undefined;
const selectLoop = isWatched ? watchLoop() : undefined;
const collect = createCollector();
announce(
  Number(new URL(url).port),
  {},
  {
    collect,
    measure: () => {
      if (isCollected) collect();
      return { ...(selectPeak && { peak: selectPeak() }), ...(selectLoop && { loop: selectLoop() }) };
    },
  },
);
