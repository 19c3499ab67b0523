// What the extension and the page of branches tell each other.

export interface Part {
  text: string;
  /** Empty: it is finished and can be taken. Else why not: "writing", or what went wrong. */
  state: string;
  kept: boolean;
}

export type ToPage =
  | { type: 'all'; title: string; parts: Part[] }
  | { type: 'part'; i: number; part: Part }
  | { type: 'say'; text: string };

export type FromPage =
  | { type: 'ready' }
  | { type: 'take'; i: number }
  | { type: 'keep'; i: number }
  | { type: 'again'; i: number }
  | { type: 'all' }
  | { type: 'close' };

export const WRITING = 'writing';
