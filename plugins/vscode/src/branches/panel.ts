// Continuations side by side, as they are written: one is taken, several may be kept as branches.
import { randomBytes } from 'node:crypto';

import * as vscode from 'vscode';

import { Daemon } from '../daemon/daemon';
import { NotesOfDocuments } from '../notes';
import { CompleteParams } from '../rpc/messages';
import { samplerParams, setting } from '../settings';
import { Stories } from '../story/stories';
import { Generation } from '../story/wire';
import { TextWindow } from '../text/window';
import { FromPage, Part, ToPage, WRITING } from './messages';
import { BranchWriter } from './writer';

const REFRESH_MS = 30;

export class BranchesPanel implements vscode.Disposable {
  private static shown: BranchesPanel | undefined;

  private readonly panel: vscode.WebviewPanel;
  private readonly writer: BranchWriter;
  private readonly dirty = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  /** Where the branches go on, and the document's version then. */
  private place: vscode.Position;
  private version: number;

  static open(folder: vscode.Uri, daemon: Daemon, stories: Stories, notes: NotesOfDocuments): void {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      throw new Error('open a document and put the cursor where the branches are to begin');
    }
    BranchesPanel.shown?.dispose();
    BranchesPanel.shown = new BranchesPanel(folder, editor, daemon, stories, notes);
  }

  static close(): void {
    BranchesPanel.shown?.dispose();
  }

  private constructor(
    folder: vscode.Uri, private readonly editor: vscode.TextEditor, private readonly daemon: Daemon,
    private readonly stories: Stories, private readonly notes: NotesOfDocuments,
  ) {
    this.place = editor.selection.active;
    this.version = editor.document.version;
    this.panel = vscode.window.createWebviewPanel('understory.branches', 'Branches',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false },
      { enableScripts: true, retainContextWhenHidden: true, localResourceRoots: [vscode.Uri.joinPath(folder, 'dist'), vscode.Uri.joinPath(folder, 'media')] });
    this.panel.iconPath = vscode.Uri.joinPath(folder, 'media/icon.png');
    this.writer = new BranchWriter(daemon, setting('branches', editor.document), (i) => this.changed(i));
    this.panel.onDidDispose(() => this.closed());
    this.panel.webview.onDidReceiveMessage((message: FromPage) => void this.received(message));
    this.panel.webview.html = page(this.panel.webview, folder);
    this.write(this.all());
  }

  dispose(): void {
    this.panel.dispose();
  }

  private closed(): void {
    clearTimeout(this.timer);
    this.writer.stop();
    if (BranchesPanel.shown === this) {
      BranchesPanel.shown = undefined;
    }
  }

  private all(): number[] {
    return this.writer.parts.map((_, i) => i);
  }

  private write(which: number[]): void {
    const { document } = this.editor;
    const { prefix, prefixOffset, suffix, after } = new TextWindow().gather(document, this.place, this.daemon.contextTokens);
    const { notes, lorebook } = this.notes.of(document);
    const { seed: _, ...sampler } = samplerParams(document); // a fixed one would give the same text again
    const params: CompleteParams = {
      prefix, prefix_offset: prefixOffset, ...(/\S/.test(suffix) ? { suffix } : {}), ...(notes ? { notes } : {}),
      ...(lorebook.length > 0 ? { lorebook } : {}), max_tokens: setting('branchTokens', document),
      until: /\S/.test(after) ? 'sentence' : 'paragraph', ...sampler };
    this.writer.write(which, params);
  }

  // ---- the page -----------------------------------------------------------------------------

  private async received(message: FromPage): Promise<void> {
    try {
      switch (message.type) {
        case 'ready':
          return this.send({ type: 'all', title: vscode.workspace.asRelativePath(this.editor.document.uri), parts: this.writer.parts.map(plain) });
        case 'take':
          return await this.take(message.i);
        case 'keep':
          return await this.keep(message.i);
        case 'again':
          return this.write([message.i]);
        case 'all':
          this.place = this.editor.selection.active;
          this.version = this.editor.document.version;
          return this.write(this.all());
        case 'close':
          this.panel.dispose();
          await this.toEditor();
      }
    } catch (error) {
      this.send({ type: 'say', text: error instanceof Error ? error.message : String(error) });
    }
  }

  private send(message: ToPage): void {
    void this.panel.webview.postMessage(message);
  }

  /** Told in bundles: pieces come faster than anyone reads. */
  private changed(i: number): void {
    this.dirty.add(i);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const k of this.dirty) {
        const part = this.writer.parts[k];
        if (part) {
          this.send({ type: 'part', i: k, part: plain(part) });
        }
      }
      this.dirty.clear();
    }, REFRESH_MS);
  }

  // ---- what the writer does -----------------------------------------------------------------

  private branch(i: number): { text: string; made: Generation } {
    const part = this.writer.parts[i];
    if (!part || !/\S/.test(part.text)) {
      throw new Error('there is nothing in it');
    } else if (this.editor.document.version !== this.version) {
      throw new Error('the text has changed meanwhile; Shift+R asks again from the cursor');
    }
    return { text: part.text, made: part.made ?? { model: '', params: '{}', finish_reason: 'cancelled' } };
  }

  private async take(i: number): Promise<void> {
    const { text, made } = this.branch(i);
    const { document } = this.editor;
    this.panel.dispose();
    await this.toEditor();
    if (document.uri.scheme === 'file') {
      await this.stories.insert(document, document.offsetAt(this.place), text, made);
    } else {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, this.place, text);
      await vscode.workspace.applyEdit(edit);
    }
  }

  private async keep(i: number): Promise<void> {
    const { document } = this.editor;
    const { text, made } = this.branch(i);
    const part = this.writer.parts[i];
    if (part?.state === WRITING) {
      throw new Error('it is still being written');
    } else if (part && !part.kept) {
      await this.stories.keep(document, document.offsetAt(this.place), text, made);
      part.kept = true;
      this.changed(i);
    }
  }

  private async toEditor(): Promise<void> {
    const { document, viewColumn } = this.editor;
    await vscode.window.showTextDocument(document, { ...(viewColumn === undefined ? {} : { viewColumn }), preserveFocus: false });
  }
}

function plain({ text, state, kept }: Part): Part {
  return { text, state, kept };
}

function page(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (...parts: string[]): vscode.Uri => webview.asWebviewUri(vscode.Uri.joinPath(folder, ...parts));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri('media', 'branches.css')}">
<title>Branches</title>
</head>
<body>
<main id="branches" role="listbox" aria-orientation="horizontal" aria-label="Branches" aria-describedby="keys"></main>
<p id="keys"><kbd>←</kbd> <kbd>→</kbd> another · <kbd>Enter</kbd> take · <kbd>Space</kbd> keep as a branch ·
<kbd>r</kbd> again · <kbd>Shift</kbd>+<kbd>r</kbd> all again · <kbd>Esc</kbd> close</p>
<p id="said" role="status" aria-live="polite"></p>
<script nonce="${nonce}" src="${uri('dist', 'branches.js')}"></script>
</body>
</html>`;
}
