// MessagePack-RPC messages as bytes, and bytes as messages (PROTOCOL.md, "Transport").
import { Decoder, Encoder } from '@msgpack/msgpack';

export type Message =
  | { kind: 'request'; id: number; method: string; params: unknown }
  | { kind: 'response'; id: number; error: unknown; result: unknown }
  | { kind: 'notification'; method: string; params: unknown };

/** The longest message that the daemon may send. */
const MAX_BYTES = 64 * 1024 * 1024;

const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true });

export function encodeRequest(id: number, method: string, params: object): Uint8Array {
  return encoder.encode([0, id, method, [params]]);
}

export function encodeNotification(method: string, params: object): Uint8Array {
  return encoder.encode([2, method, [params]]);
}

/** The messages of a stream, as they come. Throws where it is no MessagePack-RPC. */
export async function* messages(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  const decoder = new Decoder({ useBigInt64: true, maxStrLength: MAX_BYTES, maxBinLength: MAX_BYTES });
  for await (const value of decoder.decodeStream(stream)) {
    yield parse(value);
  }
}

function parse(value: unknown): Message {
  if (Array.isArray(value)) {
    const [type, a, b, c] = value as unknown[];
    if (type === 0 && value.length === 4 && typeof a === 'number' && typeof b === 'string') {
      return { kind: 'request', id: a, method: b, params: first(c) };
    } else if (type === 1 && value.length === 4 && typeof a === 'number') {
      return { kind: 'response', id: a, error: b ?? null, result: c };
    } else if (type === 2 && value.length === 3 && typeof a === 'string') {
      return { kind: 'notification', method: a, params: first(b) };
    }
  }
  throw new Error('what came is no MessagePack-RPC message');
}

function first(params: unknown): unknown {
  return Array.isArray(params) ? (params[0] ?? {}) : {};
}
