// What of PROTOCOL.md, "Stories", this extension uses.
import { Splice } from '../text/bytes';

export interface StoryNode {
  id: number;
  /** Absent for the root. */
  parent?: number;
  bytes: number;
  preview: string | Uint8Array;
  /** Those that are not in the trash. */
  children: number;
  origin: 'typed' | 'model' | 'edited';
  on_path?: boolean;
  current?: boolean;
  name?: string;
  bookmarked?: boolean;
  trashed_ms?: number;
  mean_logprob?: number;
  /** In story.path: where its text begins in the manuscript, in bytes. */
  offset?: number;
  text?: string | Uint8Array;
}

export interface Opened {
  story: number;
  created: boolean;
  current: number;
}

export interface Change {
  applied: boolean;
  kind: string;
  revision: number;
  current: number;
  nodes: number[];
  splice?: Splice;
}

export interface Nodes {
  nodes: StoryNode[];
  more?: boolean;
}

export interface Match {
  node: number;
  before: string;
  match: string;
  after: string;
}

/** How text of the model was made. */
export interface Generation {
  model: string;
  params: string;
  seed?: number | bigint;
  mean_logprob?: number;
  finish_reason: string;
}
