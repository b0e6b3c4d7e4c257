import { describe, expect, it } from '@jest/globals';
import { type Decoder, Encoder, type Packet } from 'socket.io-parser';
import { formatAnswer, RequestDecoder } from './request-decoder.ts';

describe('the decoder of requests', () => {
  const decode = (...parts: readonly unknown[]): Packet[] => {
    const decoder = new RequestDecoder() as unknown as Decoder;
    const packets: Packet[] = [];
    decoder.on('decoded', packet => packets.push(packet));
    for (const part of parts) decoder.add(part);
    return packets;
  };

  it('gives the name, the first argument, and the number of the acknowledgement', () => {
    const [packet] = decode('27["event",{"a":1},2]');
    expect(packet).toEqual({ type: 2, nsp: '/', data: ['request', 'event', { a: 1 }, 7] });
  });

  it('gives no number where none is waited for, or one that is no number of a client', () => {
    expect(decode('2["event",{}]')[0]?.data).toEqual(['request', 'event', {}, undefined]);
    expect(decode(`2${'9'.repeat(400)}["event"]`)[0]?.data).toEqual(['request', 'event', undefined, undefined]);
  });

  it('takes a packet without content, and names that are numbers', () => {
    expect(decode('2')[0]?.data).toEqual(['request', undefined, undefined, undefined]);
    expect(decode('2[5,"x"]')[0]?.data).toEqual(['request', 5, 'x', undefined]);
  });

  it('puts what is binary where it belongs', () => {
    const bytes = Buffer.from('abc');
    const [packet] = decode('51-3["event",{"file":{"_placeholder":true,"num":0}}]', bytes);
    expect(packet?.data).toEqual(['request', 'event', { file: bytes }, 3]);
  });

  it('leaves what is no event as it is', () => {
    expect(decode('0{"token":"x"}')).toEqual([{ type: 0, nsp: '/', data: { token: 'x' } }]);
    expect(decode('34["x"]')).toEqual([{ type: 3, nsp: '/', id: 4, data: ['x'] }]);
    expect(decode('1')).toEqual([{ type: 1, nsp: '/' }]);
  });

  it('refuses what the library refuses', () => {
    for (const text of ['2["connect"]', '2{}', '9["event"]', '5x-["event"]']) expect(() => decode(text)).toThrow();
  });
});

describe('an answer', () => {
  it('is an acknowledgement as the library writes it', () => {
    const answer = { type: 'campaign:update:v1:success', payload: { version: 3 } };
    expect(formatAnswer(12, JSON.stringify(answer))).toBe(
      new Encoder().encode({ type: 3, nsp: '/', id: 12, data: [answer] })[0],
    );
  });
});
