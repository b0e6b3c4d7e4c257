import { describe, expect, it } from '@jest/globals';
import { markdownTable } from './markdown.ts';

describe('a markdown table', () => {
  it('aligns names to the left and figures to the right', () => {
    const table = markdownTable(
      ['candidate', 'req/s'],
      [
        ['node:http', '31000'],
        ['koa', '9'],
      ],
    );
    expect(table.split('\n')).toEqual([
      '| candidate | req/s |',
      '| --------- | ----: |',
      '| node:http | 31000 |',
      '| koa       |     9 |',
    ]);
  });

  it('keeps a bar inside its cell, and fills a row that is too short', () => {
    expect(markdownTable(['name', 'b'], [['x|y']]).split('\n')[2]).toBe('| x\\|y |      |');
  });
});
