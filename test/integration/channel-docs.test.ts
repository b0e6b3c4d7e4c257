import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { startTestApp } from '../support/app.ts';

it('the page about the channel lists the requests that there are, and no others', async () => {
  const test = await startTestApp();
  const page = await readFile('docs/channel.md', 'utf8');
  const listed = [...page.matchAll(/^\| (`[a-z]+:[a-z_]+`(?:, `[a-z]+:[a-z_]+`)*) \|/gm)].flatMap(([, names = '']) =>
    names.split(', ').map(name => `${name.slice(1, -1)}:v1:requested`),
  );
  expect(listed.sort()).toEqual(test.app.realtime?.bus.listRequests().sort());
  await test.stop();
});
