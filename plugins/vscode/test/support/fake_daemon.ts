// A daemon that says what a test wants: for texts that no model can be made to write.
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

import { encode } from '@msgpack/msgpack';

import { messages } from '../../src/rpc/codec';

export interface Received {
  id: number;
  method: string;
  params: Record<string, any>;
}

type Answer = (send: (message: unknown) => void, request: Received) => void;

export class FakeDaemon {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'us-'));
  readonly socket = path.join(this.folder, 's');
  readonly received: Received[] = [];
  readonly cancelled: number[] = [];
  hello: Record<string, unknown> = {
    server: 'understoryd', version: '0.1.0', protocol: 1, pid: 1, state: 'ready', presets: ['base'],
    model: { name: 'fake', context: 512 }, device: { name: 'none', kind: 'cpu' } };
  answers: Record<string, Answer> = {};
  private readonly server = net.createServer((socket) => void this.serve(socket));
  private readonly sockets = new Set<net.Socket>();

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(this.socket, resolve));
    return this;
  }

  /** `complete` answers with these branches, each given in pieces. */
  says(...branches: string[][]): void {
    this.answers['complete'] = (send, { id }) => {
      branches.forEach((pieces, branch) => pieces.forEach((text) => send([2, 'chunk', [{ request: id, branch, text }]])));
      send([1, id, null, { branches: branches.map((pieces) => ({ text: pieces.join(''), finish_reason: 'length' })) }]);
    };
  }

  of(method: string): Received[] {
    return this.received.filter((request) => request.method === method);
  }

  hangUp(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async serve(socket: net.Socket): Promise<void> {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    const send = (message: unknown): void => void socket.write(encode(message));
    try {
      for await (const message of messages(socket)) {
        if (message.kind === 'notification') {
          this.cancelled.push((message.params as { request: number }).request);
        } else if (message.kind === 'request') {
          const request = { id: message.id, method: message.method, params: message.params as Record<string, any> };
          this.received.push(request);
          const answer = this.answers[message.method];
          if (answer) {
            answer(send, request);
          } else if (message.method === 'hello') {
            send([1, message.id, null, this.hello]);
          } else {
            send([1, message.id, { code: 'not_found', message: `no method ${message.method}` }, null]);
          }
        }
      }
    } catch {
      // hung up
    }
    this.sockets.delete(socket);
  }
}
