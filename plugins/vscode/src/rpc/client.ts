// One connection to the daemon: requests with their pieces and answers, and notifications.
import * as net from 'node:net';

import { encodeNotification, encodeRequest, messages } from './codec';
import { Chunk, RpcError } from './messages';

export interface Call<Result> {
  readonly id: number;
  readonly answer: Promise<Result>;
}

interface Open {
  resolve(result: unknown): void;
  reject(error: RpcError): void;
  onChunk: ((chunk: Chunk) => void) | undefined;
}

export class RpcClient {
  /** Of every notification but `chunk`. */
  onNotification: (method: string, params: Record<string, unknown>) => void = () => {};
  /** Once, when the connection is over; its open requests have been answered `unavailable`. */
  onClosed: (reason: string) => void = () => {};

  private readonly open = new Map<number, Open>();
  private lastId = 0;
  private closed = false;

  private constructor(private readonly socket: net.Socket) {
    socket.on('error', (error) => this.end(error.message));
    void this.read();
  }

  /** Rejects with the system's own error (`code` ENOENT, ECONNREFUSED, ...). */
  static connect(path: string): Promise<RpcClient> {
    return new Promise((resolve, reject) => {
      const socket = net.createConnection(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RpcClient(socket));
      });
    });
  }

  get isClosed(): boolean {
    return this.closed;
  }

  call<Result>(method: string, params: object, onChunk?: (chunk: Chunk) => void): Call<Result> {
    const id = (this.lastId = (this.lastId % 1_000_000_000) + 1);
    const answer = new Promise<Result>((resolve, reject) => {
      if (this.closed) {
        reject(new RpcError('unavailable', 'the connection to the daemon is closed'));
        return;
      }
      this.open.set(id, { resolve: resolve as (result: unknown) => void, reject, onChunk });
      this.socket.write(encodeRequest(id, method, params));
    });
    return { id, answer };
  }

  /** Asks the daemon to stop a request, which is still answered; no more pieces are handed on. */
  cancel(id: number): void {
    const call = this.open.get(id);
    if (call && !this.closed) {
      call.onChunk = undefined;
      this.socket.write(encodeNotification('cancel', { request: id }));
    }
  }

  close(): void {
    this.end('closed');
  }

  private async read(): Promise<void> {
    try {
      for await (const message of messages(this.socket)) {
        if (message.kind === 'response') {
          this.answered(message.id, message.error, message.result);
        } else if (message.kind === 'notification') {
          this.notified(message.method, message.params as Record<string, unknown>);
        }
      }
      this.end('the daemon closed the connection');
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  private answered(id: number, error: unknown, result: unknown): void {
    const call = this.open.get(id);
    this.open.delete(id);
    if (!call) {
      return;
    } else if (error !== null) {
      call.reject(RpcError.of(error));
    } else {
      call.resolve(result);
    }
  }

  private notified(method: string, params: Record<string, unknown>): void {
    if (method === 'chunk') {
      const chunk = params as unknown as Chunk;
      this.open.get(chunk.request)?.onChunk?.(chunk);
    } else {
      this.onNotification(method, params);
    }
  }

  private end(reason: string): void {
    if (this.closed) {
      return;
    }
    this.closed = true;
    this.socket.destroy();
    const open = [...this.open.values()];
    this.open.clear();
    for (const call of open) {
      call.reject(new RpcError('unavailable', reason));
    }
    this.onClosed(reason);
  }
}
