import { Decoder, type Packet, PacketType } from 'socket.io-parser';

/** The one event that sockets tell of: whatever a client sent, as `RequestPacket`. */
const REQUEST = 'request';

/** What a client sent: an event's name and first argument, and the number of the acknowledgement that it waits for. */
export type RequestPacket = readonly [name: unknown, input: unknown, answerId: number | undefined];

/** The library's decoder, with the one method that all packets of text go through. */
const LibraryDecoder = Decoder as unknown as new () => { decodeString(text: string): Packet };

/**
 * Socket.IO's decoder, but for acknowledgements, which the channel sends itself: as frames among all others, in their
 * order. Socket.IO's own go through four more layers, which cost an update a tenth.
 */
export class RequestDecoder extends LibraryDecoder {
  override decodeString(text: string): Packet {
    const packet = super.decodeString(text);
    if (packet.type !== PacketType.EVENT && packet.type !== PacketType.BINARY_EVENT) return packet;
    const [name, input] = (packet.data ?? []) as readonly unknown[];
    const request: RequestPacket = [name, input, Number.isSafeInteger(packet.id) ? packet.id : undefined];
    packet.data = [REQUEST, ...request];
    delete packet.id;
    return packet;
  }
}

/** Writes the acknowledgement of a packet, as Socket.IO's protocol has it. */
export function formatAnswer(answerId: number, answer: string): string {
  return `${PacketType.ACK}${answerId}[${answer}]`;
}
