// What of PROTOCOL.md this extension uses, as TypeScript sees it.

/** What a text is: str where its bytes are UTF-8, bin where they are not. */
export type WireText = string | Uint8Array;

export interface ErrorMap {
  code: string;
  message: string;
}

export interface Chunk {
  request: number;
  branch: number;
  text: WireText;
}

export interface LorebookEntry {
  keys: string[];
  text: string;
}

export interface CompleteParams {
  prefix: string;
  prefix_offset?: number;
  suffix?: string;
  notes?: string;
  lorebook?: LorebookEntry[];
  n?: number;
  max_tokens?: number;
  until?: string;
  preset?: string;
  document?: string;
  [sampler: string]: unknown;
}

export interface Branch {
  text: WireText;
  finish_reason: string;
  suppressed?: string;
  mean_logprob?: number;
  /** 64 bits: a bigint where a number would lose some. */
  seed?: number | bigint;
}

export interface CompleteResult {
  branches: Branch[];
  timings?: { ttft_ms?: number; prefetched?: number };
  typed_through?: number;
  model?: string;
  device?: string;
}

export interface Model {
  name: string;
  path: string;
  architecture: string;
  file_type: string;
  context: number;
}

export interface Device {
  name: string;
  kind: string;
}

export interface Hello {
  server: string;
  version: string;
  protocol: number;
  pid: number;
  state: string;
  presets: string[];
  model?: Model;
  device?: Device;
}

export interface Progress {
  state: string;
  progress: number;
  error?: ErrorMap;
}

/** What an answer of a request says went wrong. */
export class RpcError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }

  static of(value: unknown): RpcError {
    const map = value as Partial<ErrorMap> | null;
    return map && typeof map === 'object' && typeof map.code === 'string'
      ? new RpcError(map.code, String(map.message ?? map.code))
      : new RpcError('protocol', `an error that says nothing: ${JSON.stringify(value)}`);
  }
}

/** Of a text that can be shown; undefined for bytes that are no UTF-8. */
export function shownText(text: WireText): string | undefined {
  return typeof text === 'string' ? text : undefined;
}
