import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { createSeal } from '../../lib/seal.ts';
import { buildJournalDocument } from '../../test/support/state-journal.ts';
import { type JournalDocument } from '../datastore/state-journal.ts';
import { type InstanceMessages, type OpenTopicOptions } from '../services/redis/instance-messages.ts';
import { NEWS_CHANNEL, openStateNews } from './state-news.ts';

interface News {
  readonly campaignId: string;
  readonly content?: string;
  readonly mark?: string;
}

const NOW = new Date('2026-03-01T12:00:00.000Z');
const key = randomBytes(32);

describe('news of live states', () => {
  /** What waits to be sent, by campaign. */
  let waiting: Map<string, News>;
  let heard: { readonly position: readonly unknown[]; readonly document: JournalDocument | undefined }[];
  let said: string[];
  let isFollowed: boolean;
  let campaignId: string;

  beforeEach(() => {
    waiting = new Map();
    [heard, said, isFollowed, campaignId] = [[], [], true, createId()];
  });

  afterEach(() => void jest.restoreAllMocks());

  /** An instance, whose key is there already unless it cannot be read. */
  const open = async (readKey: () => Promise<Buffer> = async () => key) => {
    let receive: (news: News) => void = () => undefined;
    let measure: (news: News) => number = () => Number.NaN;
    let shrink: (news: News) => unknown = () => undefined;
    const messages: Pick<InstanceMessages, 'openTopic'> = {
      openTopic<M>(options: OpenTopicOptions<M>) {
        receive = news => options.onMessage(news as M, NEWS_CHANNEL, 'another instance');
        measure = news => options.measure?.(news as M) ?? Number.NaN;
        shrink = news => options.shrink?.(news as M);
        return { publish: (id, news) => void waiting.set(id, news as News) };
      },
    };
    const tell = openStateNews({
      messages,
      selectStates: () => ({
        onNews: (id, version, changeId, readDocument) =>
          void heard.push({ position: [id, version, changeId], document: readDocument?.() }),
      }),
      readKey,
      isFollowedElsewhere: () => isFollowed,
      log: { warn: message => said.push(message) },
    });
    // The first one asks for the key.
    tell(build(1));
    await new Promise(resolve => setImmediate(resolve));
    return {
      tell,
      receive: (news: News) => receive(news),
      measure: (news: News) => measure(news),
      shrink: (news: News) => shrink(news),
    };
  };
  const build = (from: number, patches: readonly Record<string, unknown>[] = [{ from }]): JournalDocument =>
    buildJournalDocument(campaignId, from, patches, { previousId: from === 1 ? null : createId(), at: NOW });
  const send = (tell: (document: JournalDocument) => void, document: JournalDocument): News => {
    tell(document);
    const news = waiting.get(document.campaignId);
    if (news === undefined) throw new Error('Nothing was told.');
    return news;
  };

  it('wait for each campaign by itself, the last of each', async () => {
    isFollowed = false;
    const { tell } = await open();
    const [first, second, third] = [build(2), { ...build(7), campaignId: createId() }, build(3)];
    for (const document of [first, second, third]) tell(document);
    expect([...waiting.values()]).toEqual([
      { campaignId, version: 3, changeId: third._id },
      { campaignId: second.campaignId, version: 7, changeId: second._id },
    ]);
  });

  it('bring the document, just as the journal has it', async () => {
    const { tell, receive, measure, shrink } = await open();
    const document = build(5, [{ a: 'ä"\u2028' }, { b: null }, {}]);
    const news = send(tell, document);
    expect(measure(news)).toBe(news.content?.length);
    // Where there is no room for it, they come all the same.
    expect(shrink(news)).toEqual({ campaignId, version: 7, changeId: document._id });
    receive(news);
    expect(heard).toEqual([{ position: [campaignId, 7, document._id], document }]);
    const first = build(1);
    receive(send(tell, first));
    expect(heard.at(-1)?.document).toEqual(first);
  });

  it('bring none that nobody elsewhere follows, that is large, or of which it is not known what it was built upon', async () => {
    const { tell, measure } = await open();
    const large = build(2, [{ text: 'x'.repeat(64 * 1024) }]);
    expect(send(tell, large)).toEqual({ campaignId, version: 2, changeId: large._id });
    const nearly = build(2, [{ text: 'x'.repeat(64 * 1024 - 11) }]);
    expect(send(tell, nearly).content).toBeDefined();
    expect(send(tell, buildJournalDocument(campaignId, 2, [{}])).content).toBeUndefined();
    isFollowed = false;
    const news = send(tell, build(2));
    expect([news.content, measure(news)]).toEqual([undefined, 0]);
  });

  describe('that bring a document which cannot be believed', () => {
    const reject = (receive: (news: News) => void, news: News): void => {
      receive(news);
      expect(heard.at(-1)).toEqual({ position: [campaignId, 5, expect.any(String)], document: undefined });
    };

    it('bring none: another key, another text, no mark', async () => {
      const { tell, receive } = await open();
      const news = send(tell, build(5));
      const stranger = await open(async () => randomBytes(32));
      reject(stranger.receive, news);
      reject(receive, { ...news, content: news.content?.replace('from', 'form') ?? '' });
      reject(receive, { ...news, mark: '' });
      expect(said).toEqual(Array.from({ length: 3 }, () => 'state.news.notBelieved'));
      const { mark: _mark, ...unmarked } = news;
      reject(receive, unmarked);
      // It is the whole news that is turned down, not whoever told it.
      receive(news);
      expect(heard.at(-1)?.document).toBeDefined();
    });

    it('bring none: it belongs to other news', async () => {
      const { tell, receive } = await open();
      const news = send(tell, build(5));
      const another = send(tell, build(5));
      const later = send(tell, build(6));
      reject(receive, { ...news, content: another.content ?? '', mark: another.mark ?? '' });
      reject(receive, { ...news, content: later.content ?? '', mark: later.mark ?? '' });
      const elsewhere = { ...news, campaignId: createId() };
      receive(elsewhere);
      expect(heard.at(-1)).toMatchObject({
        position: [elsewhere.campaignId, 5, expect.anything()],
        document: undefined,
      });
    });

    it('bring none: it is too long, or in a form that nobody of ours makes', async () => {
      const { tell, receive } = await open();
      const news = send(tell, build(5));
      const seal = createSeal(key);
      for (const content of ['x'.repeat(1024 * 1024 + 1), 'nonsense', '{}', 'null']) {
        reject(receive, { ...news, content, mark: seal.mark(content) });
      }
      expect(said).toHaveLength(3);
    });
  });

  it('bring none as long as there is no key, which nobody waits for and is asked for again after a while', async () => {
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const news = send((await open()).tell, build(5));
    const answers = [Promise.reject(new ServiceUnavailableError('database')), Promise.resolve(key)];
    let asked = 0;
    const { tell, receive } = await open(async () => answers[asked++] ?? key);
    nowMs = 999;
    expect(send(tell, build(5)).content).toBeUndefined();
    receive(news);
    expect([asked, heard.at(-1)?.document, said]).toEqual([1, undefined, ['state.news.noKey']]);
    nowMs = 1_000;
    receive(news);
    await new Promise(resolve => setImmediate(resolve));
    receive(news);
    expect([asked, heard.at(-1)?.document?._id]).toEqual([2, heard.at(-1)?.position[2]]);
    expect(send(tell, build(5)).content).toBeDefined();
  });
});
