// The connection to the daemon: made when wanted, made again after a loss, never waited for while
// someone types.
import { RpcClient } from '../rpc/client';
import { Chunk, Hello, Progress, RpcError } from '../rpc/messages';
import { distrust } from './socket_path';
import { DaemonOptions } from './program';

export const PROTOCOL = 1;
const DEFAULT_CONTEXT = 2048;

export type State = 'off' | 'connecting' | 'loading' | 'ready' | 'failed';

/** What the daemon needs of its surroundings; tests have their own. */
export interface Surroundings {
  options(): DaemonOptions;
  /** Undefined: the program is not installed. */
  program(): string | undefined;
  start(program: string, options: DaemonOptions): Promise<void>;
  log(line: string): void;
}

export interface Sent<Result> {
  readonly answer: Promise<Result>;
  /** What has been made so far is still answered; no more pieces come. */
  cancel(): void;
}

const ENDING_MS = 5_000;
export const NOT_INSTALLED = "the program 'understory' was not found";

export class Daemon {
  onState: (state: State) => void = () => {};
  onNotification: (method: string, params: Record<string, unknown>) => void = () => {};
  /** Once a failure, until something has worked again. */
  onFailure: (reason: string) => void = () => {};

  private client: RpcClient | undefined;
  private connecting: Promise<RpcClient> | undefined;
  private failures = 0;
  private retryAt = 0;
  private hasTold = false;
  private loaded: (progress: Progress) => void = () => {};
  private isDisposed = false;

  state: State = 'off';
  reason = '';
  hello: Hello | undefined;

  constructor(private readonly around: Surroundings) {}

  get contextTokens(): number {
    return this.hello?.model?.context ?? DEFAULT_CONTEXT;
  }

  /** Whether a request would be sent at once. */
  get isReady(): boolean {
    return this.state === 'ready' && this.client !== undefined && !this.client.isClosed;
  }

  /** A connection with a loaded model. Rejects at once while a failure is fresh: each one in a row
   * doubles the wait, up to 32 seconds. */
  connect(): Promise<RpcClient> {
    if (this.isReady && this.client) {
      return Promise.resolve(this.client);
    } else if (this.connecting) {
      return this.connecting;
    } else if (Date.now() < this.retryAt) {
      return Promise.reject(new RpcError('unavailable', this.reason));
    }
    this.connecting = this.attempt().finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  /** The same where a person asks: a failure is no longer held against it. */
  connectAnew(): Promise<RpcClient> {
    this.forgive();
    return this.connect();
  }

  /** Sends a request once there is a connection. */
  send<Result>(method: string, params: object, onChunk?: (chunk: Chunk) => void): Sent<Result> {
    let cancel: (() => void) | undefined;
    let isCancelled = false;
    const answer = (async () => {
      const client = await this.connect();
      if (isCancelled) {
        throw new RpcError('cancelled', 'cancelled before it was sent');
      }
      const call = client.call<Result>(method, params, onChunk);
      cancel = () => client.cancel(call.id);
      const result = await call.answer;
      this.forgive();
      return result;
    })();
    return {
      answer,
      cancel: () => {
        isCancelled = true;
        cancel?.();
      },
    };
  }

  request<Result>(method: string, params: object): Promise<Result> {
    return this.send<Result>(method, params).answer;
  }

  /** Asks the daemon to end, and starts another with the settings of now. */
  async restart(): Promise<void> {
    this.forgive();
    const client = this.client ?? (await RpcClient.connect(this.around.options().socket).catch(() => undefined));
    if (client && !client.isClosed) {
      const gone = new Promise<void>((resolve) => {
        client.onClosed = () => resolve();
      });
      await client.call('shutdown', {}).answer.catch(() => undefined);
      await gone;
    }
    this.client = undefined;
    this.hello = undefined;
    await this.connectAfterEnd();
  }

  /** A daemon that ends still has its socket for a moment after it has closed its connections. */
  private async connectAfterEnd(): Promise<void> {
    for (const until = Date.now() + ENDING_MS; ; ) {
      this.hasTold = true; // what fails meanwhile is not told
      try {
        await this.connect();
        return;
      } catch (error) {
        if (this.isDisposed || Date.now() > until) {
          throw error;
        }
      } finally {
        this.forgive();
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Forgets the connection; the next request makes one, with the settings of then. */
  disconnect(): void {
    this.forgive();
    this.client?.close();
  }

  dispose(): void {
    this.isDisposed = true;
    this.client?.close();
  }

  private forgive(): void {
    this.failures = 0;
    this.retryAt = 0;
    this.hasTold = false;
  }

  private async attempt(): Promise<RpcClient> {
    this.become('connecting');
    try {
      const client = await this.open();
      await this.greet(client);
      this.client = client;
      this.failures = 0;
      this.become('ready');
      return client;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.fail(reason);
      throw error instanceof RpcError ? error : new RpcError('unavailable', reason);
    }
  }

  private async open(): Promise<RpcClient> {
    const options = this.around.options();
    const reason = distrust(options.socket);
    if (reason) {
      throw new Error(reason);
    }
    try {
      return await RpcClient.connect(options.socket);
    } catch (error) {
      this.around.log(`no daemon listens on ${options.socket}: ${(error as Error).message}`);
    }
    const program = this.around.program();
    if (!program) {
      throw new Error(NOT_INSTALLED);
    }
    this.around.log(`starting one: ${program} start`);
    await this.around.start(program, options);
    return RpcClient.connect(options.socket);
  }

  private async greet(client: RpcClient): Promise<void> {
    const loaded = new Promise<Progress>((resolve) => (this.loaded = resolve));
    let lost = (_reason: string): void => {};
    const gone = new Promise<never>((_, reject) => (lost = (reason) => reject(new Error(reason))));
    gone.catch(() => undefined);
    client.onNotification = (method, params) => this.notified(method, params);
    client.onClosed = (reason) => {
      lost(reason);
      this.lost(client, reason);
    };
    const ask = (): Promise<Hello> =>
      client.call<Hello>('hello', { client: 'vscode', client_version: '0.1.0', protocol: PROTOCOL, progress: true }).answer;
    try {
      let hello = await ask();
      if (hello.state === 'loading') {
        this.become('loading');
        const progress = await Promise.race([loaded, gone]);
        if (progress.error) {
          throw RpcError.of(progress.error);
        }
        hello = await ask();
      }
      this.hello = hello;
    } catch (error) {
      client.close();
      throw error instanceof RpcError && error.code === 'unsupported'
        ? new Error(`the daemon is older than this extension (protocol ${PROTOCOL}): update Understory, then restart the daemon`)
        : error;
    }
    this.around.log(`connected to ${this.hello.server} ${this.hello.version}, process ${this.hello.pid}, ` +
      `model ${this.hello.model?.name ?? '?'} on ${this.hello.device?.name ?? '?'}`);
    if (this.hello.protocol > PROTOCOL) {
      this.around.log(`the daemon speaks protocol ${this.hello.protocol}, this extension ${PROTOCOL}: update the extension`);
    }
  }

  private notified(method: string, params: Record<string, unknown>): void {
    if (method === 'progress') {
      const progress = params as unknown as Progress;
      if (progress.state !== 'loading') {
        this.loaded(progress);
      }
    } else {
      this.onNotification(method, params);
    }
  }

  private lost(client: RpcClient, reason: string): void {
    if (this.client !== client) {
      return;
    }
    this.client = undefined;
    this.hello = undefined;
    if (this.isDisposed) {
      return;
    }
    this.around.log(`connection lost: ${reason}`);
    this.become('off');
    this.failures += 1;
    if (this.failures === 1) {
      this.connectAfterEnd().catch(() => undefined); // later when something is asked
    }
  }

  private fail(reason: string): void {
    this.reason = reason;
    this.failures += 1;
    this.retryAt = Date.now() + 1000 * 2 ** Math.min(this.failures, 5);
    this.become('failed');
    this.around.log(`no connection: ${reason}`);
    if (!this.hasTold) {
      this.hasTold = true;
      this.onFailure(reason);
    }
  }

  private become(state: State): void {
    this.state = state;
    this.onState(state);
  }
}
