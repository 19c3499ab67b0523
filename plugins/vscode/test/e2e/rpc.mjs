// A connection of the test's own to the daemon, to know what it says.
import * as net from 'node:net';

import { decodeMultiStream, encode } from '@msgpack/msgpack';

export class Rpc {
  static connect(path) {
    return new Promise((resolve, reject) => {
      const socket = net.createConnection(path, () => resolve(new Rpc(socket))).once('error', reject);
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.open = new Map();
    this.id = 0;
    void this.read();
  }

  async read() {
    try {
      for await (const [type, id, error, result] of decodeMultiStream(this.socket, { useBigInt64: true })) {
        if (type === 1) this.open.get(id)?.(error, result);
      }
    } catch {
      // closed while it was read
    }
  }

  call(method, params = {}) {
    const id = ++this.id;
    this.socket.write(encode([0, id, method, [params]]));
    return new Promise((resolve, reject) => this.open.set(id, (error, result) => {
      this.open.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
    }));
  }

  /** What a suggestion after this text says, greedily. */
  async says(prefix, params = {}) {
    const answer = await this.call('complete', { prefix, max_tokens: 40, until: 'paragraph', temperature: 0, ...params });
    return answer.branches[0].text;
  }

  close() {
    this.socket.destroy();
  }
}
