// The load generator: a process that connects fleets of clients and loads servers with them, as it is told.
import { type Fleet, openFleet } from './fleet.ts';
import { type GeneratorOrder, type GeneratorReply } from './generator-process.ts';

const fleets = new Map<string, Fleet>();

function selectFleet(name: string): Fleet {
  const fleet = fleets.get(name);
  if (fleet === undefined) throw new Error(`There is no fleet ${name}.`);
  return fleet;
}

async function carryOut(order: GeneratorOrder): Promise<GeneratorReply> {
  switch (order.kind) {
    case 'open':
      fleets.set(order.fleet.name, await openFleet(order.fleet));
      return {};
    case 'run':
      return { result: await selectFleet(order.load.fleet).run(order.load) };
    case 'close':
      selectFleet(order.fleet).close();
      fleets.delete(order.fleet);
      return {};
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order: GeneratorOrder) => {
  carryOut(order).then(
    reply => process.send?.(reply),
    (error: unknown) => process.send?.({ fault: error instanceof Error ? error.message : String(error) }),
  );
});
