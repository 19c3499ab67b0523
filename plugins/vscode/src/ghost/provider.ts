// VS Code asks here for the text after the cursor: at each key, and when the writer wants another
// alternative. The answer is what is left of the suggestion, or a new one after a pause.
//
// The stable API takes one answer a call, VS Code asks once for a place in a text, and what it shows it keeps
// in front of what an explicit question brings. So a call returns with the first words; as more of them come
// the provider is registered anew, which VS Code has not asked yet, and it is made to ask this provider as if
// a key had been typed. What it shows stays meanwhile, and grows at its end and nowhere else. Where VS Code
// is too old for that, calls wait for all of a suggestion.
import * as vscode from 'vscode';

import { Daemon } from '../daemon/daemon';
import { Meter } from '../meter';
import { NotesOfDocuments } from '../notes';
import { CompleteParams, RpcError } from '../rpc/messages';
import { samplerParams, setting } from '../settings';
import { Gathered, TextWindow } from '../text/window';
import { Where } from '../where';
import { Pace } from './pace';
import { Session } from './session';
import { Rest, Suggestion } from './suggestion';

/** As `editor.action.inlineSuggest.trigger` names the providers of this extension. */
const SELF = { providerId: 'understory.understory:*', explicit: false };
/** Between two refreshes of a growing suggestion. */
const REFRESH_MS = 60;
/** After that a call that nobody waits for any more, and that none follows, is cancelled. */
const ABANDONED_MS = 400;
const RETRY_MS = 500;
/** An explicit question so soon after our own command came from it. */
const CYCLE_MS = 1000;

export class GhostProvider implements vscode.InlineCompletionItemProvider, vscode.Disposable {
  /** Milliseconds of our own work in a call, without what was waited for. */
  readonly callMs = new Meter();
  private session: Session | undefined;
  private changedAt = 0;
  private asksAtOnce = false;
  private refreshes = 0;
  private canGrow = true;
  private cycledAt = -CYCLE_MS;
  /** The version of a document for which a suggestion was wanted and none could be had. */
  private unanswered: string | undefined;
  private registration: vscode.Disposable | undefined;
  private refreshTimer: NodeJS.Timeout | undefined;
  private abandonTimer: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly daemon: Daemon,
    private readonly where: Where,
    private readonly notes: NotesOfDocuments,
    readonly pace: Pace,
    private readonly text = new TextWindow(),
  ) {
    this.disposables.push(
      vscode.workspace.onDidChangeTextDocument((event) => this.documentChanged(event)),
      vscode.window.onDidChangeTextEditorSelection((event) => this.selectionChanged(event.textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor?.document.uri.toString() !== this.session?.address) {
          this.drop();
        }
      }),
    );
    this.register();
  }

  dispose(): void {
    this.drop();
    this.registration?.dispose();
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  // ---- what VS Code asks --------------------------------------------------------------------

  async provideInlineCompletionItems(
    document: vscode.TextDocument, position: vscode.Position, context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | undefined> {
    const byHand = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    const isRefresh = this.refreshes > 0 && !byHand;
    if (byHand && this.refreshes > 0 && performance.now() - this.cycledAt > CYCLE_MS) {
      this.canGrow = false; // a VS Code that asks explicitly where it was told not to
    }
    if (!byHand && context.selectedCompletionInfo) {
      return undefined;
    }
    clearTimeout(this.abandonTimer);
    let session = this.fitting(document, position);
    if (!session && !byHand && !this.where.isOn(document)) {
      return undefined; // what was asked for by hand is kept, but nothing follows by itself
    }
    if (session && byHand) {
      session.isUncertain ||=
        performance.now() - this.cycledAt > CYCLE_MS && this.rests(session, document, position).length > 1;
      this.askForMore(session, document, position);
      await this.settled(session, token);
      this.putShownFirst(session, document, position);
    } else if (!session) {
      if (isRefresh && !this.asksAtOnce) {
        return undefined; // what was to be refreshed is gone
      } else if (!byHand && !(await this.pause(document, token))) {
        return undefined;
      }
      session = this.ask(document, position, byHand);
    }
    return session && this.answer(session, document, position, token);
  }

  private async answer(
    session: Session, document: vscode.TextDocument, position: vscode.Position, token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | undefined> {
    let rests = this.rests(session, document, position);
    while ((rests.length === 0 || !this.streams()) && session.isOpen && !token.isCancellationRequested) {
      await Promise.race([session.change(), cancelled(token)]);
      rests = this.rests(session, document, position);
    }
    if (session !== this.session) {
      this.unanswered = key(document);
      return undefined;
    } else if (token.isCancellationRequested) {
      this.abandonTimer = setTimeout(() => this.session === session && !session.shown && this.drop(), ABANDONED_MS);
      return undefined;
    } else if (rests.length === 0) {
      // It may have ended with what was typed meanwhile: then the next one is wanted.
      const typed = session.suggestion.typed(document, position);
      const next = typed && session.suggestion.isUsedUp(typed) ? this.ask(document, position, true) : undefined;
      if (next) {
        return this.answer(next, document, position, token);
      }
      this.retryLater(session);
      this.unanswered = session.error ? key(document) : undefined;
      this.drop();
      return undefined;
    }
    session.shown = true;
    void vscode.commands.executeCommand('setContext', 'understory.showing', true);
    const here = new vscode.Range(position, position);
    return rests.map(({ text }) => {
      const item = new vscode.InlineCompletionItem(text, here);
      item.command = { command: 'understory.accepted', title: 'Accepted' };
      return item;
    });
  }

  /** False: the writer types on. VS Code has waited a little already, which counts. */
  private async pause(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<boolean> {
    const delay = this.pace.delayMs(setting('delayMs', document), setting('maxDelayMs', document));
    const left = this.asksAtOnce ? 0 : delay - (performance.now() - this.changedAt);
    this.asksAtOnce = false;
    if (left > 0) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, left))), cancelled(token)]);
      clearTimeout(timer);
    }
    return !token.isCancellationRequested;
  }

  // ---- asking the daemon --------------------------------------------------------------------

  private ask(document: vscode.TextDocument, position: vscode.Position, byHand: boolean): Session | undefined {
    this.drop();
    const began = performance.now();
    const gathered = this.text.gather(document, position, this.daemon.contextTokens);
    if (!byHand && !/\S/.test(gathered.prefix)) {
      return undefined;
    }
    const session = new Session(document.uri.toString(), new Suggestion(document, position), this.daemon,
      (changed) => this.grow(changed));
    this.session = session;
    const wasReady = this.daemon.isReady; // else the wait for it would be counted
    session.ask(this.params(document, gathered, 1, ''), '', (ms) => wasReady && this.pace.measured(ms));
    this.callMs.add(performance.now() - began);
    return session;
  }

  /** From the cursor on, so that the new ones fit what was typed; once for a suggestion. */
  private askForMore(session: Session, document: vscode.TextDocument, position: vscode.Position): void {
    const typed = session.suggestion.typed(document, position);
    const n = setting('alternatives', document);
    if (session.hasMore || n < 1 || typed === undefined) {
      return;
    }
    session.hasMore = true;
    const gathered = this.text.gather(document, position, this.daemon.contextTokens);
    session.ask(this.params(document, gathered, n, ' more'), typed, () => {});
  }

  private params(document: vscode.TextDocument, gathered: Gathered, n: number, purpose: string): CompleteParams {
    const { notes, lorebook } = this.notes.of(document);
    return {
      prefix: gathered.prefix,
      prefix_offset: gathered.prefixOffset,
      ...(/\S/.test(gathered.suffix) ? { suffix: gathered.suffix } : {}),
      ...(notes ? { notes } : {}),
      ...(lorebook.length > 0 ? { lorebook } : {}),
      n,
      document: document.uri.toString() + purpose,
      max_tokens: setting('maxTokens', document),
      until: /\S/.test(gathered.after) ? 'line' : setting('until', document),
      ...samplerParams(document),
    };
  }

  private async settled(session: Session, token: vscode.CancellationToken): Promise<void> {
    while (session.isOpen && !token.isCancellationRequested) {
      await Promise.race([session.change(), cancelled(token)]);
    }
  }

  /** VS Code asks explicitly, for alternatives, and has them when this resolves. */
  async askAlternatives(): Promise<void> {
    this.cycledAt = performance.now();
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    this.cycledAt = performance.now();
  }

  /** VS Code puts what it shows in front of what an explicit question brings. */
  private putShownFirst(session: Session, document: vscode.TextDocument, position: vscode.Position): void {
    const rest = this.rests(session, document, position)[session.at];
    if (rest) {
      session.suggestion.prefer(rest.choice);
      session.at = 0;
    }
  }

  /** The daemon may be busy for a moment; nobody has to type for it to be asked again. */
  private retryLater(session: Session): void {
    if (session.error instanceof RpcError && ['busy', 'loading'].includes(session.error.code)) {
      setTimeout(() => {
        this.asksAtOnce = this.session === undefined;
        void this.refresh();
      }, RETRY_MS);
    }
  }

  // ---- what is shown ------------------------------------------------------------------------

  /** The suggestion, where it fits what stands before the cursor and is not used up. */
  private fitting(document: vscode.TextDocument, position: vscode.Position): Session | undefined {
    const began = performance.now();
    const session = this.session;
    if (!session || session.address !== document.uri.toString()) {
      return undefined;
    }
    const typed = session.suggestion.typed(document, position);
    const fits = typed !== undefined && session.suggestion.fits(typed);
    if (!fits) {
      this.giveUp();
    } else if (session.suggestion.isUsedUp(typed)) {
      this.asksAtOnce = true;
      this.drop();
    }
    this.callMs.add(performance.now() - began);
    return this.session;
  }

  private rests(session: Session, document: vscode.TextDocument, position: vscode.Position): Rest[] {
    const typed = session.suggestion.typed(document, position);
    return typed === undefined ? [] : session.suggestion.rests(typed);
  }

  /** What the editor shows at its cursor, as far as we know, and all that it may show. */
  shown(editor: vscode.TextEditor): { session: Session; rests: Rest[] } | undefined {
    const session = this.session;
    if (!session?.shown || session.address !== editor.document.uri.toString()) {
      return undefined;
    }
    const rests = this.rests(session, editor.document, editor.selection.active);
    return rests.length > 0 ? { session, rests } : undefined;
  }

  /** More text has come: VS Code is made to ask again, but not at every piece. */
  private grow(session: Session): void {
    if (session !== this.session || !session.shown || !this.streams() || session.hasMore) {
      return;
    }
    this.refreshTimer ??= setTimeout(() => void this.refresh(), REFRESH_MS);
  }

  private streams(): boolean {
    return this.canGrow && setting('stream');
  }

  /** VS Code asks again, and shows what is there now. */
  async refresh(): Promise<void> {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = undefined;
    if (!vscode.window.activeTextEditor) {
      return;
    }
    if (this.canGrow) {
      this.register();
    }
    this.refreshes += 1;
    try {
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger', SELF);
    } catch {
      // the editor is gone
    } finally {
      this.refreshes -= 1;
    }
  }

  private register(): void {
    const last = this.registration;
    this.registration = vscode.languages.registerInlineCompletionItemProvider({ pattern: '**' }, this);
    last?.dispose();
  }

  /** What stood in the way may be gone: settings have changed, or the daemon is there. */
  tryAgain(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document && this.unanswered === key(document)) {
      this.unanswered = undefined;
      this.asksAtOnce = true;
      void this.refresh();
    }
  }

  /** Nothing that was asked with other settings is shown. */
  settingsChanged(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document && this.session?.address === document.uri.toString()) {
      this.unanswered = key(document);
    }
    this.drop();
    this.tryAgain();
  }

  /** Something of it was taken. */
  taken(): void {
    this.pace.accepted();
    if (this.session) {
      this.session.isTaken = true;
    }
  }

  /** All of it was taken: what follows may be known already. */
  accepted(): void {
    this.taken();
    this.drop();
    this.asksAtOnce = true;
    void this.refresh();
  }

  /** The writer went on otherwise. */
  giveUp(): void {
    if (this.session?.shown && !this.session.isTaken) {
      this.pace.rejected();
    }
    this.drop();
  }

  drop(): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = undefined;
    if (this.session) {
      const session = this.session;
      this.session = undefined;
      session.cancel();
      void vscode.commands.executeCommand('setContext', 'understory.showing', false);
    }
  }

  // ---- what the writer does -----------------------------------------------------------------

  private documentChanged(event: vscode.TextDocumentChangeEvent): void {
    for (const change of event.contentChanges) {
      this.text.changed(event.document, change.range.start.line);
    }
    if (event.contentChanges.length > 0) {
      this.changedAt = performance.now();
    }
  }

  /** Comes after a key's change as well, with the cursor where it is then. */
  private selectionChanged(editor: vscode.TextEditor): void {
    if (this.session && editor === vscode.window.activeTextEditor) {
      const typed = this.session.suggestion.typed(editor.document, editor.selection.active);
      if (this.session.address !== editor.document.uri.toString() || typed === undefined || !this.session.suggestion.fits(typed)) {
        this.giveUp();
      }
    }
  }
}

function key(document: vscode.TextDocument): string {
  return `${document.version} ${document.uri.toString()}`;
}

function cancelled(token: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve) => {
    if (token.isCancellationRequested) {
      resolve();
    } else {
      const listener = token.onCancellationRequested(() => {
        listener.dispose();
        resolve();
      });
    }
  });
}
