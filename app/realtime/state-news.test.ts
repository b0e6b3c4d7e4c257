import { describe, expect, it } from '@jest/globals';
import { createId } from '../../lib/ids.ts';
import { type InstanceMessages, type OpenTopicOptions } from '../services/redis/instance-messages.ts';
import { NEWS_CHANNEL, openStateNews } from './state-news.ts';

describe('news of live states', () => {
  it('wait for each campaign by itself, the last of each, and are handed on as they come', () => {
    const waiting = new Map<string, unknown>();
    const heard: unknown[][] = [];
    let receive: (news: unknown) => void = () => undefined;
    const messages: Pick<InstanceMessages, 'openTopic'> = {
      openTopic<M>({ onMessage }: OpenTopicOptions<M>) {
        receive = news => onMessage(news as M, NEWS_CHANNEL, 'another instance');
        return { publish: (key, news) => void waiting.set(key, news) };
      },
    };
    const tell = openStateNews(messages, () => ({ onNews: (...news) => void heard.push(news) }));
    const [first, second, changeId] = [createId(), createId(), createId()];
    tell(first, { version: 2, changeId });
    tell(second, { version: 7, changeId });
    tell(first, { version: 3, changeId });
    expect([...waiting.values()]).toEqual([
      { campaignId: first, version: 3, changeId },
      { campaignId: second, version: 7, changeId },
    ]);
    for (const news of waiting.values()) receive(news);
    expect(heard).toEqual([
      [first, 3, changeId],
      [second, 7, changeId],
    ]);
  });
});
