import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ValidationError } from '../../../lib/errors.ts';
import { MAX_RICH_TEXT_LENGTH } from '../../../schemas/common.ts';
import { sanitiseContent, sanitiseRichText } from './rich-text.ts';

const question = '0b6f1c1e-5a57-4d2f-9e0c-111111111111';

const allowedTags = new Set('p br b strong i em u s a ul ol li h2 h3 h4 blockquote span div hr sup sub'.split(' '));
const allowedAttributes = new Set(['href', 'target', 'rel', 'title', 'lang', 'dir']);

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

/** The scheme of an address as browsers read it: entities decoded, control characters at the front and line breaks left out. */
function selectScheme(attribute: string): string | undefined {
  const address = attribute
    .replace(/&(lt|gt|amp|quot);/g, (_all, name: string) => entities[name] ?? '')
    .replace(/&#(x?)([0-9a-f]+);/gi, (_all, x: string, code: string) =>
      String.fromCodePoint(parseInt(code, x ? 16 : 10)),
    )
    .replace(/^[\u0000-\u0020]+|[\t\n\r]/g, '');
  return /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1];
}

/** What a browser would be given to run, frame or load; none when the text is safe to be shown as it is. */
function selectDangers(html: string): string[] {
  const dangers: string[] = [];
  const rest = html.replace(
    /<\/?([a-z0-9]+)((?:\s+[a-z]+="[^"<>]*")*)\s*\/?>/g,
    (tag, name: string, attributes: string) => {
      if (!allowedTags.has(name)) dangers.push(tag);
      for (const [, attribute = '', value = ''] of attributes.matchAll(/([a-z]+)="([^"]*)"/g)) {
        if (!allowedAttributes.has(attribute)) dangers.push(tag);
        const scheme = selectScheme(value);
        if (attribute === 'href' && scheme !== undefined && !/^(?:https?|mailto|tel)$/i.test(scheme)) dangers.push(tag);
      }
      return '';
    },
  );
  if (/[<>]/.test(rest)) dangers.push(rest);
  return dangers;
}

describe('rich text', () => {
  it('keeps what an editor for operators makes', () => {
    const html =
      '<h2 lang="fr">Titre</h2><p dir="ltr">Un <b>deux</b> <em>trois</em><br />quatre</p>' +
      '<ul><li>a</li></ul><blockquote>b</blockquote><hr /><a href="https://example.com/?a=1&amp;b=2" title="c">d</a>';
    expect(sanitiseRichText(html)).toBe(html);
  });

  it.each([
    ['a script', '<p>a</p><script>alert(1)</script>', '<p>a</p>'],
    ['a script in capitals, not closed', 'a<SCRIPT SRC=//evil.example>b', 'a'],
    ['a script within a script', '<scr<script>ipt>alert(1)</script>', null],
    ['an event handler', '<p onclick="alert(1)">a</p>', '<p>a</p>'],
    ['an event handler behind a slash', '<b/onmouseover=alert(1)>a</b>', '<b>a</b>'],
    ['an image and its handler', '<img src=x onerror=alert(1)>a', 'a'],
    ['a javascript: address', '<a href="javascript:alert(1)">a</a>', '<a>a</a>'],
    ['a javascript: address in disguise', '<a href=" &#106;ava\nscript&colon;alert(1)">a</a>', null],
    ['a data: address', '<a href="data:text/html,<script>alert(1)</script>">a</a>', '<a>a</a>'],
    ['a vbscript: address', '<a href="vbscript:x">a</a>', '<a>a</a>'],
    ['a protocol-relative address', '<a href="//evil.example">a</a>', '<a>a</a>'],
    ['a frame', '<iframe src="https://evil.example">a</iframe>b', null],
    ['styles', '<style>p { color: red }</style><p style="position:fixed" class="x" id="y">a</p>', '<p>a</p>'],
    ['an SVG', '<svg><script>alert(1)</script><use href="#x"/></svg>a', 'a'],
    ['a form', '<form action="https://evil.example"><input name="password"><button>a</button></form>', 'a'],
    ['a base address', '<base href="https://evil.example">a', 'a'],
    ['a comment', 'a<!--[if IE]><script>alert(1)</script><![endif]-->b', 'ab'],
    [
      'mathematics that hides a handler',
      '<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>',
      null,
    ],
  ])('loses %s', (_what, html, expected) => {
    const safe = sanitiseRichText(html);
    if (expected !== null) expect(safe).toBe(expected);
    expect(selectDangers(safe)).toEqual([]);
  });

  it('cuts the way back from what a link opens, whatever its target is called', () => {
    for (const target of ['_blank', '_BLANK', 'elsewhere']) {
      const safe = sanitiseRichText(`<a href="https://example.com" target="${target}" rel="opener">a</a>`);
      expect(safe).toContain('rel="noopener noreferrer"');
      expect(safe).not.toContain('rel="opener');
    }
  });

  it('leaves plain copy as it is, and escapes what looks like markup', () => {
    expect(sanitiseRichText('Doors at 7, "sharp"')).toBe('Doors at 7, "sharp"');
    expect(sanitiseRichText('1 < 2 & 3 > 2')).toBe('1 &lt; 2 &amp; 3 &gt; 2');
    expect(sanitiseRichText('')).toBe('');
  });

  const pieces = fc.constantFrom(
    ...['<', '>', '</', '/>', '"', "'", '=', ' ', '\n', '\0', '&', ';', '&lt;', '&gt;', '&amp;', '&#60;', '&#x3c'],
    ...['<script>', '</script>', '<style>', '</style>', '<iframe src=', '<svg>', '<math>', '<p', '<a href="', '<a '],
    ...['<textarea>', '<noscript>', '<xmp>', '<!--', '-->', '<![CDATA[', ']]>', '<?', '</p>', '<b>', '</a>', '<li>'],
    ...['javascript:', 'java\tscript:', 'data:text/html,', 'https://', '//', ' onerror=', ' style=', ' target=_blank'],
    ...['alert(1)', 'text', 'é', '😀'],
  );
  const html = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map(parts => parts.join('')),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 5, unit: 'binary' })), { maxLength: 20 }).map(all => all.join('')),
  );

  it('is safe whatever came', () => {
    fc.assert(
      fc.property(html, text => {
        expect(selectDangers(sanitiseRichText(text))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('stays as it is when it is written again', () => {
    fc.assert(
      fc.property(html, text => {
        const once = sanitiseRichText(text);
        expect(sanitiseRichText(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the rich texts of a campaign', () => {
  const evil = '<p>a</p><script>alert(1)</script>';
  const safe = '<p>a</p>';

  it('are made safe wherever they are, and other texts are left alone', () => {
    const locale = (text: string) => ({
      landing: { title: evil, body: text, closedBody: text },
      confirmation: { shareText: evil, body: text },
      email: { subject: evil, body: text },
      faqs: { [question]: { question: evil, answer: text } },
      terms: text,
    });
    expect(sanitiseContent({ en: locale(evil), fr: locale(evil) })).toEqual({ en: locale(safe), fr: locale(safe) });
  });

  it('are added nowhere', () => {
    expect(sanitiseContent({ en: { landing: {}, faqs: {} }, fr: {} })).toEqual({
      en: { landing: {}, faqs: {} },
      fr: {},
    });
  });

  it('are not parsed again where they equal what is stored', () => {
    // What is stored was made safe when it was written: that this one is not shows that nobody looked.
    const stored = {
      en: { landing: { body: evil }, terms: evil, faqs: { [question]: { question: 'a', answer: evil } } },
    };
    const written = { ...stored, en: { ...stored.en, landing: { body: evil, title: 'new' } } };
    expect(sanitiseContent(written, stored)).toEqual(written);
    expect(sanitiseContent(stored, stored)['en']).toBe(stored.en);
    expect(sanitiseContent({ en: { terms: `${evil} ` } }, stored)['en']?.terms).toBe(`${safe} `);
    expect(sanitiseContent({ fr: { terms: evil } }, stored)['fr']?.terms).toBe(safe);
  });

  it('may not grow beyond what the schema lets a client write', () => {
    const amps = '&'.repeat(MAX_RICH_TEXT_LENGTH / 5 + 1);
    const write = () => sanitiseContent({ en: { faqs: { [question]: { question: 'a', answer: amps } } } });
    expect(write).toThrow(ValidationError);
    expect(write).toThrow(
      expect.objectContaining({
        details: [expect.objectContaining({ path: `/content/en/faqs/${question}/answer` })],
      }),
    );
    const fits = '&'.repeat(MAX_RICH_TEXT_LENGTH / 5);
    expect(sanitiseContent({ en: { terms: fits } })['en']?.terms).toHaveLength(MAX_RICH_TEXT_LENGTH);
    const faces = `&${'😀'.repeat(MAX_RICH_TEXT_LENGTH - 5)}`;
    expect(Array.from(sanitiseContent({ en: { terms: faces } })['en']?.terms ?? '')).toHaveLength(MAX_RICH_TEXT_LENGTH);
  });
});
