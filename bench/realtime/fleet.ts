import { type Dialect, dialects, type StateFrame } from './dialects.ts';
import { type FleetOrder, type LoadOrder, type LoadResult, type Quantiles } from './load.ts';
import { createTimes, type Times } from './times.ts';
import { formatLargePatch, formatPatch } from './update-patch.ts';
import { type BenchWebSocket, connectWebSocket, type MessageView } from './websocket.ts';

/** Clients of a server that are connected. */
export interface Fleet {
  /** Loads the server, and waits until all is answered and has arrived. Throws when a client was disconnected. */
  run(load: LoadOrder): Promise<LoadResult>;
  close(): void;
}

interface Client {
  readonly place: number;
  /** The server's place among those of the fleet. */
  readonly server: number;
  readonly socket: BenchWebSocket;
}

/** An update that is under way. */
interface Underway {
  readonly sentAt: number;
  readonly publisher: Client;
}

const CONNECT_AT_ONCE = 100;
/** So many different frames are remembered: those who lag have more to come than others. */
const FRAMES_REMEMBERED = 1_000;
const SETTLE_EVERY_MS = 5;
const SETTLE_WITHIN_MS = 15_000;
const ONE_PATCH: StateFrame = {
  campaign: 0,
  fromVersion: 0,
  toVersion: 0,
  isSnapshot: false,
  patches: 1,
  sentAt: [],
};

const wait = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds));

/** Connects the clients, and subscribes those who are to be subscribers. */
export async function openFleet(order: FleetOrder): Promise<Fleet> {
  const { ports, tokens, campaigns } = order;
  const dialect: Dialect = dialects[order.dialect];
  const frames = new Map<string, StateFrame>();
  /** The version that each subscriber has of each campaign. */
  const versions = new Float64Array(order.subscribers * campaigns.length);
  const isAmongLast = (place: number, count: number): boolean => place >= order.subscribers - count;
  const isFollowed = (place: number, campaign: number): boolean =>
    isAmongLast(place, order.followers?.[campaign] ?? order.subscribers);
  /** How many do not read the updates of this load as they come, and how many read nothing now: the last ones. */
  let slow = 0;
  let paused = 0;
  const underway = new Map<number, Underway>();
  let counted = createCount(campaigns.length, ports.length);
  let isTimed = false;
  let fault: string | undefined;
  let updates = 0;
  let onAnswer: (publisher: Client) => void = () => undefined;
  let onDelivered: (campaign: number) => void = () => undefined;
  const lastVersions = new Float64Array(campaigns.length);

  const learn = (key: string, text: string): StateFrame => {
    const frame = dialect.state?.read(text, campaigns) ?? ONE_PATCH;
    frames.set(key, frame);
    for (const oldest of frames.keys()) {
      if (frames.size <= FRAMES_REMEMBERED) break;
      frames.delete(oldest);
    }
    return frame;
  };

  const arrive = (place: number, server: number, frame: StateFrame): void => {
    const { campaign, fromVersion, toVersion, patches } = frame;
    counted.frames += 1;
    counted.patches += patches;
    counted.delivered[campaign] = (counted.delivered[campaign] ?? 0) + patches;
    if (toVersion > 0) {
      const at = place * campaigns.length + campaign;
      const seen = versions[at] ?? 0;
      if (!frame.isSnapshot) counted.gaps += fromVersion === seen + 1 ? 0 : 1;
      else if (isAmongLast(place, slow)) counted.pausedSnapshots.set(at, (counted.pausedSnapshots.get(at) ?? 0) + 1);
      else counted.snapshots += 1;
      versions[at] = toVersion;
    }
    if (isTimed && !isAmongLast(place, slow)) {
      const now = performance.now();
      for (const sentAt of frame.sentAt) counted.deliveries[server]?.add(now - sentAt);
    }
    onDelivered(campaign);
  };

  const answer = (view: MessageView): void => {
    const { number, refusal, version } = dialect.readAnswer(view.data.toString('utf8', view.start, view.end));
    const update = underway.get(number);
    if (update === undefined) return;
    underway.delete(number);
    if (refusal !== undefined) counted.refused.set(refusal, (counted.refused.get(refusal) ?? 0) + 1);
    else {
      counted.accepted += 1;
      counted.answers.add(performance.now() - update.sentAt);
      const campaign = number % campaigns.length;
      lastVersions[campaign] = Math.max(lastVersions[campaign] ?? 0, version);
    }
    onAnswer(update.publisher);
  };

  const connectClient = async (place: number, isSubscriber: boolean): Promise<Client> => {
    const server = place % ports.length;
    const token = tokens[place % tokens.length] ?? '';
    const followed = campaigns.filter((_none, campaign) => isSubscriber && isFollowed(place, campaign));
    const greeting = { token, campaigns: followed };
    let isReady = false;
    let onReady: () => void = () => undefined;
    let onFault: (error: Error) => void = () => undefined;
    const ready = new Promise<void>((resolve, reject) => {
      onReady = resolve;
      onFault = reject;
    });
    const greet = (message: string | undefined): void => {
      try {
        const reply = dialect.greet(message, greeting);
        isReady = reply === null;
        if (reply === null) onReady();
        else for (const text of reply) socket.send(text);
      } catch (error) {
        onFault(error as Error);
      }
    };
    const socket = connectWebSocket<StateFrame>({
      port: ports[server] ?? 0,
      path: dialect.path,
      recognize: view => {
        const key = dialect.state?.selectKey(view);
        return key === undefined ? undefined : frames.get(key);
      },
      onKnown: frame => arrive(place, server, frame),
      onMessage: view => {
        const kind = dialect.classify(view);
        if (kind === 'ping') socket.send(dialect.pong ?? '');
        else if (kind === 'state') {
          const key = dialect.state?.selectKey(view);
          arrive(
            place,
            server,
            key === undefined ? ONE_PATCH : learn(key, view.data.toString('utf8', view.start, view.end)),
          );
        } else if (isReady) {
          if (kind === 'answer') answer(view);
        } else greet(view.data.toString('utf8', view.start, view.end));
      },
      onOpen: () => greet(undefined),
      onClose: message => {
        if (message === undefined) return;
        fault ??= message;
        onFault(new Error(message));
      },
    });
    await ready;
    return { place, server, socket };
  };

  const connectAll = async (count: number, isSubscriber: boolean): Promise<Client[]> => {
    const clients: Client[] = [];
    while (clients.length < count) {
      const length = Math.min(CONNECT_AT_ONCE, count - clients.length);
      const from = clients.length;
      clients.push(
        ...(await Promise.all(Array.from({ length }, (_none, at) => connectClient(from + at, isSubscriber)))),
      );
    }
    return clients;
  };

  const subscribers = await connectAll(order.subscribers, true);
  const publishers = await connectAll(order.publishers, false);

  const countBehind = (): number => {
    if (dialect.state === undefined) return counted.accepted * subscribers.length - counted.patches;
    let behind = 0;
    for (const [at, version] of versions.entries()) {
      const place = Math.floor(at / campaigns.length);
      const campaign = at % campaigns.length;
      const isExpected = isFollowed(place, campaign) && !isAmongLast(place, paused);
      if (isExpected && version < (lastVersions[campaign] ?? 0)) behind += 1;
    }
    return behind;
  };

  const countSnapshots = (place: number, chosen: readonly number[]): number =>
    chosen.reduce((sum, one) => sum + (counted.pausedSnapshots.get(place * campaigns.length + one) ?? 0), 0);

  /** Has a subscriber connect anew, and waits for the states with which its subscriptions begin: they replace nothing. */
  const renew = async (place: number): Promise<Client> => {
    subscribers[place]?.socket.close();
    const from = place * campaigns.length;
    versions.fill(0, from, from + campaigns.length);
    const client = await connectClient(place, true);
    subscribers[place] = client;
    const isAwaited = (_none: string, campaign: number): boolean =>
      isFollowed(place, campaign) && versions[from + campaign] === 0;
    while (campaigns.some(isAwaited) && fault === undefined) await wait(1);
    return client;
  };

  /** Has the last subscribers read nothing, so many, and all others read. */
  const pauseLast = async (count: number): Promise<void> => {
    for (const { place, socket } of subscribers) {
      if (isAmongLast(place, paused) && !isAmongLast(place, count)) socket.resume();
    }
    const others = subscribers.filter(({ place }) => isAmongLast(place, count) && !isAmongLast(place, paused));
    for (const { socket } of await Promise.all(others.map(({ place }) => renew(place)))) socket.pause();
    paused = count;
  };

  const settle = async (): Promise<void> => {
    const endAt = performance.now() + SETTLE_WITHIN_MS;
    while ((underway.size > 0 || countBehind() > 0) && performance.now() < endAt && fault === undefined) {
      await wait(SETTLE_EVERY_MS);
    }
    underway.clear();
  };

  const send = (publisher: Client, campaign: number, patchBytes: number | undefined): void => {
    // What number an update has says which campaign it is of.
    const number = (updates += 1) * campaigns.length + campaign;
    const sentAt = performance.now();
    underway.set(number, { sentAt, publisher });
    const patch = patchBytes === undefined ? formatPatch(updates, sentAt) : formatLargePatch(updates, patchBytes);
    publisher.socket.send(dialect.formatUpdate(number, campaigns[campaign] ?? '', patch));
  };

  const run = async (load: LoadOrder): Promise<LoadResult> => {
    const { pace, milliseconds, updates: most = Infinity } = load;
    const publishing = publishers
      .filter(({ server }) => load.server === undefined || server === load.server)
      .slice(0, load.publishers);
    const chosen = load.campaigns ?? campaigns.map((_none, at) => at);
    await pauseLast(load.paused ?? 0);
    slow = paused;
    counted = createCount(campaigns.length, ports.length);
    isTimed = load.isTimed ?? false;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    const endAt = startedAt + milliseconds;
    let sent = 0;
    const isOver = (): boolean => sent >= most || performance.now() >= endAt || fault !== undefined;
    const sendNext = (publisher: Client | undefined, campaign = chosen[sent % chosen.length] ?? 0): void => {
      if (publisher === undefined || isOver()) return;
      sent += 1;
      send(publisher, campaign, load.patchBytes);
    };

    if (pace.kind === 'answered') {
      onAnswer = publisher => sendNext(publisher);
      for (let at = 0; at < pace.inFlight; at += 1) for (const publisher of publishing) sendNext(publisher);
    } else if (pace.kind === 'delivered') {
      const sentOf = new Float64Array(campaigns.length);
      const fill = (campaign: number): void => {
        const done = Math.floor((counted.delivered[campaign] ?? 0) / subscribers.length);
        while ((sentOf[campaign] ?? 0) - done < pace.inFlight && !isOver()) {
          sentOf[campaign] = (sentOf[campaign] ?? 0) + 1;
          sendNext(publishing[campaign % publishing.length], campaign);
        }
      };
      onDelivered = fill;
      for (const campaign of chosen) fill(campaign);
    }
    while (!isOver()) {
      await wait(1);
      if (pace.kind !== 'steady') continue;
      const due = Math.floor(((performance.now() - startedAt) / 1000) * pace.perSecond);
      while (sent < due && !isOver()) {
        const publisher = publishing[sent % publishing.length];
        if (publisher?.socket.isHeldUp === true) {
          sent += 1;
          counted.heldUp += 1;
        } else sendNext(publisher);
      }
    }
    onAnswer = () => undefined;
    onDelivered = () => undefined;
    const meanwhile = { ...counted, milliseconds: performance.now() - startedAt };
    await settle();
    if (paused > 0 && load.isPauseKept !== true) {
      // What they missed must not come between the others and the last updates: the generator reads one after another.
      await pauseLast(0);
      await settle();
    }
    if (fault !== undefined) throw new Error(fault);
    const { user, system } = process.cpuUsage(cpu);
    const perSecond = (count: number): number => (count / meanwhile.milliseconds) * 1000;
    return {
      milliseconds: meanwhile.milliseconds,
      acceptedPerSecond: perSecond(meanwhile.accepted),
      patchesPerSecond: perSecond(meanwhile.patches),
      framesPerSecond: perSecond(meanwhile.frames),
      accepted: counted.accepted,
      patches: counted.patches,
      frames: counted.frames,
      snapshots: counted.snapshots,
      pausedSnapshots: subscribers.slice(subscribers.length - slow).map(({ place }) => countSnapshots(place, chosen)),
      refused: Object.fromEntries(counted.refused),
      heldUp: counted.heldUp,
      answers: summarize(counted.answers),
      deliveries: counted.deliveries.map(summarize),
      behind: countBehind(),
      gaps: counted.gaps,
      cpuMicros: user + system,
      totalMilliseconds: performance.now() - startedAt,
    };
  };

  return {
    run,
    close() {
      for (const { socket } of [...subscribers, ...publishers]) socket.close();
    },
  };
}

const createCount = (campaigns: number, servers: number) => ({
  accepted: 0,
  patches: 0,
  frames: 0,
  snapshots: 0,
  /** By subscriber and campaign, of those who read nothing. */
  pausedSnapshots: new Map<number, number>(),
  gaps: 0,
  heldUp: 0,
  refused: new Map<string, number>(),
  /** Patches that arrived, by campaign. */
  delivered: new Float64Array(campaigns),
  answers: createTimes(),
  deliveries: Array.from({ length: servers }, createTimes),
});

const summarize = (times: Times): Quantiles => ({
  count: times.count,
  p50: times.quantile(0.5),
  p99: times.quantile(0.99),
  max: times.quantile(1),
});
