import { describe, expect, it } from '@jest/globals';
import { createLog, type LogOptions, silentLog } from './log.ts';

function createTestLog(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const { Log, flush } = createLog({
    level: 'info',
    environment: 'test',
    destination: { write: (text: string) => void lines.push(...text.split('\n').filter(line => line !== '')) },
    ...options,
  });
  return { Log, flush, lines, read: () => lines.map(line => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('writes one Logstash line per call', () => {
    const { Log, read } = createTestLog();
    Log('app/managers/campaigns').info('campaign opened', { campaignId: 'a1' }, 'c-1');
    expect(read()).toEqual([
      {
        '@timestamp': expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
        level: 'info',
        message: 'campaign opened',
        path: 'app/managers/campaigns',
        correlation: 'c-1',
        data: { campaignId: 'a1' },
      },
    ]);
  });

  it('leaves out what is not given', () => {
    const { Log, read } = createTestLog();
    Log('app').warn('degraded');
    expect(Object.keys(read()[0] ?? {})).toEqual(['@timestamp', 'level', 'message', 'path']);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, expected) => {
    const { Log, read } = createTestLog({ level });
    const log = Log('app');
    log.debug('x');
    log.info('x');
    log.warn('x');
    log.error('x');
    expect(read().map(line => line['level'])).toEqual(expected);
  });

  it('carries a correlation id on each line of a derived log, which a call may replace', () => {
    const { Log, read } = createTestLog();
    const log = Log('app').withCorrelation('c-1');
    log.info('one');
    log.error('two', {}, 'c-2');
    expect(read().map(line => line['correlation'])).toEqual(['c-1', 'c-2']);
  });

  it('never writes a secret', () => {
    const { Log, lines } = createTestLog();
    Log('app').info('x', { password: 'hunter2', nested: { token: 'hunter2' }, error: new Error('to a@b.example.com') });
    expect(lines.join()).not.toMatch(/hunter2|a@b/);
  });

  it('keeps a line a line', () => {
    const { Log, lines } = createTestLog();
    Log('app').info('a\nb', { text: 'c\nd' });
    expect(lines).toHaveLength(1);
  });

  it('in production collects lines, and has written all when flush resolves', async () => {
    const { Log, lines, flush } = createTestLog({ environment: 'production' });
    Log('app').info('one');
    Log('app').info('two');
    expect(lines).toEqual([]);
    await flush();
    expect(lines).toHaveLength(2);
  });

  it('in production does not let an error wait', () => {
    const { Log, lines } = createTestLog({ environment: 'production' });
    Log('app').info('before');
    Log('app').error('it broke');
    expect(lines).toHaveLength(2);
  });

  it('in production waits for its destination, and does not mind one that fails', async () => {
    const events: string[] = [];
    const destination = {
      write: () => void events.push('write'),
      flush: (done: (error?: Error) => void) => {
        setImmediate(() => {
          events.push('flushed');
          done(new Error('closed'));
        });
      },
    };
    const { Log, flush } = createLog({ level: 'info', environment: 'production', destination });
    Log('app').info('one');
    await flush();
    expect(events).toEqual(['write', 'flushed']);
  });
});

describe('the silent log', () => {
  it('takes everything and writes nothing', () => {
    const log = silentLog('app').withCorrelation('c');
    expect(() => [log.error('x'), log.warn('x'), log.info('x'), log.debug('x')]).not.toThrow();
  });
});
