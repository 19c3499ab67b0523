// One suggestion with the requests that feed it.
import { Daemon, Sent } from '../daemon/daemon';
import { Branch, Chunk, CompleteParams, CompleteResult, shownText } from '../rpc/messages';
import { Choice, Suggestion } from './suggestion';

export class Session {
  shown = false;
  isTaken = false;
  /** More alternatives have been asked for. */
  hasMore = false;
  /** The editor's own buttons may have moved it to another alternative than we know of. */
  isUncertain = false;
  /** Which of those that fit is shown. */
  at = 0;
  /** The last error of a request. */
  error: Error | undefined;

  private readonly requests = new Set<Sent<CompleteResult>>();
  private waiting: (() => void)[] = [];

  constructor(
    readonly address: string,
    readonly suggestion: Suggestion,
    private readonly daemon: Daemon,
    private readonly onText: (session: Session) => void,
  ) {}

  /** `lead` is what has been typed since the anchor: the new texts begin after it. `onFirst` gets the
   * milliseconds until the first piece. */
  ask(params: CompleteParams, lead: string, onFirst: (ms: number) => void): void {
    const began = performance.now();
    let isFirst = true;
    const choices = Array.from({ length: params.n ?? 1 }, () => this.suggestion.add());
    const sent = this.daemon.send<CompleteResult>('complete', params, (chunk) => {
      if (isFirst) {
        isFirst = false;
        onFirst(performance.now() - began);
      }
      this.piece(choices, chunk, lead);
    });
    this.requests.add(sent);
    sent.answer
      .then((result) => result.branches.forEach((branch, i) => this.finished(choices[i], branch, lead)))
      .catch((error: Error) => (this.error = error))
      .finally(() => {
        this.requests.delete(sent);
        choices.forEach((choice) => (choice.done = true));
        this.changed();
      });
  }

  get isOpen(): boolean {
    return this.requests.size > 0;
  }

  cancel(): void {
    this.requests.forEach((sent) => sent.cancel());
    this.requests.clear();
    this.changed();
  }

  /** Resolves when its text has changed, or a request has ended. */
  change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private piece(choices: Choice[], chunk: Chunk, lead: string): void {
    const choice = choices[chunk.branch];
    const text = shownText(chunk.text);
    if (choice && text !== undefined) {
      choice.text = (choice.text || lead) + text;
      this.changed();
    }
  }

  /** Junk, and what is there already, has no text. */
  private finished(choice: Choice | undefined, branch: Branch, lead: string): void {
    if (!choice) {
      return;
    }
    const text = branch.suppressed ? undefined : shownText(branch.text);
    const isNew = !this.suggestion.choices.some((other) => other !== choice && other.text === lead + text);
    choice.text = text !== undefined && /\S/.test(text) && isNew ? lead + text : '';
    choice.done = true;
  }

  private changed(): void {
    const waiting = this.waiting;
    this.waiting = [];
    waiting.forEach((resolve) => resolve());
    this.onText(this);
  }
}
