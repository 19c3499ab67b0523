// Several continuations of one place: asked for together, or one of them again. Knows no page.
import { Daemon, Sent } from '../daemon/daemon';
import { Branch, CompleteParams, CompleteResult, shownText } from '../rpc/messages';
import { Generation } from '../story/wire';
import { Part, WRITING } from './messages';

/** What concerns one request alone is not kept with what it made. */
const NOT_KEPT = ['prefix', 'prefix_offset', 'n', 'seed', 'document', 'stream'];

export class BranchWriter {
  readonly parts: (Part & { made?: Generation })[];
  private readonly requests = new Map<number, Sent<CompleteResult>>();

  constructor(private readonly daemon: Daemon, n: number, private readonly onPart: (i: number) => void) {
    this.parts = Array.from({ length: n }, () => ({ text: '', state: WRITING, kept: false }));
  }

  /** Writes these branches anew. `params` are without n, seed and document. */
  write(which: number[], params: CompleteParams): void {
    this.stop(which);
    for (const i of which) {
      this.parts[i] = { text: '', state: WRITING, kept: false };
      this.onPart(i);
    }
    const wanted = { ...params, n: which.length, document: `branches ${which.join(' ')}` };
    const isCurrent = (i: number): boolean => this.requests.get(i) === sent;
    const sent = this.daemon.send<CompleteResult>('complete', wanted, (chunk) => {
      const i = which[chunk.branch];
      const part = i === undefined ? undefined : this.parts[i];
      if (i !== undefined && part && isCurrent(i)) {
        part.text += shownText(chunk.text) ?? '';
        this.onPart(i);
      }
    });
    which.forEach((i) => this.requests.set(i, sent));
    const finish = (end: (part: Part & { made?: Generation }, k: number) => void): void =>
      which.forEach((i, k) => {
        const part = this.parts[i];
        if (part && isCurrent(i)) {
          this.requests.delete(i);
          end(part, k);
          this.onPart(i);
        }
      });
    sent.answer.then(
      (result) => finish((part, k) => finished(part, result, result.branches[k], wanted)),
      (error: Error) => finish((part) => (part.state = error.message)));
  }

  /** Branches share a request: it is stopped once none of them is wanted any more. */
  stop(which: number[] = this.parts.map((_, i) => i)): void {
    for (const i of which) {
      const sent = this.requests.get(i);
      this.requests.delete(i);
      if (sent && ![...this.requests.values()].includes(sent)) {
        sent.cancel();
      }
    }
  }
}

function finished(part: Part & { made?: Generation }, result: CompleteResult, branch: Branch | undefined, params: CompleteParams): void {
  part.text = (branch && shownText(branch.text)) ?? '';
  part.state = /\S/.test(part.text) ? '' : `nothing worth showing${branch?.suppressed ? ` (${branch.suppressed})` : ''}`;
  if (branch) {
    part.made = {
      model: result.model ?? '', finish_reason: branch.finish_reason,
      params: JSON.stringify(Object.fromEntries(Object.entries(params).filter(([key]) => !NOT_KEPT.includes(key)))),
      ...(branch.seed === undefined ? {} : { seed: branch.seed }),
      ...(branch.mean_logprob === undefined ? {} : { mean_logprob: branch.mean_logprob }),
    };
  }
}
