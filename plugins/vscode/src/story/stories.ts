// The story trees of documents, which every client of the daemon shares (PROTOCOL.md, "Stories").
//
// A document is brought into its story before anything is done there, and what that did to the manuscript is
// done to the document: the two never part. What concerns one document happens in its order.
import * as vscode from 'vscode';

import { Daemon, Sent } from '../daemon/daemon';
import { RpcError } from '../rpc/messages';
import { bytesOf, inUnits, Splice } from '../text/bytes';
import { Change, Generation, Nodes, Opened, StoryNode } from './wire';

const ALL = 1_000_000;

interface Story {
  id: number;
  /** What the daemon holds as the manuscript, as far as we know. */
  text: string;
}

export class Stories implements vscode.Disposable {
  private readonly open = new Map<string, Story>();
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly changes = new vscode.EventEmitter<string>();
  private readonly listener: vscode.Disposable;
  /** The address of the document whose story has changed, by whatever client. */
  readonly onChange = this.changes.event;
  /** After a story was opened: what it keeps under these keys. */
  onNotes: (document: vscode.Uri, notes: string, lorebook: string) => void = () => {};

  constructor(private readonly daemon: Daemon) {
    this.listener = vscode.workspace.onDidCloseTextDocument((document) => this.close(document));
  }

  dispose(): void {
    this.listener.dispose();
    this.changes.dispose();
  }

  /** The connection is gone, and with it the numbers of the stories. */
  forget(): void {
    this.open.clear();
  }

  /** Another connection has changed a story. */
  changed(id: number): void {
    for (const [address, story] of this.open) {
      if (story.id === id) {
        this.changes.fire(address);
      }
    }
  }

  /** Opens the document's story, or does nothing where there is none and none is to be made. */
  exists(document: vscode.TextDocument, create: boolean): Promise<boolean> {
    return this.inTurn(document, async () => {
      try {
        await this.opened(document, create);
        return true;
      } catch (error) {
        if (!create && error instanceof RpcError && error.code === 'not_found') {
          return false;
        }
        throw error;
      }
    });
  }

  isOpen(document: vscode.TextDocument): boolean {
    return this.open.has(document.uri.toString());
  }

  /** Asks without changing anything. */
  read<Result>(document: vscode.TextDocument, method: string, params: object): Promise<Result> {
    return this.inTurn(document, async () => {
      const { id } = await this.opened(document, true);
      return this.daemon.request<Result>(method, { story: id, ...params });
    });
  }

  /** Brings the document's text into the story. */
  sync(document: vscode.TextDocument): Promise<void> {
    return this.inTurn(document, async () => void (await this.synced(document)));
  }

  /** A method that changes the story, and what it does to the manuscript. `onSent` can cancel it. */
  change(document: vscode.TextDocument, method: string, params: object, onSent?: (sent: Sent<Change>) => void): Promise<Change> {
    return this.inTurn(document, async () => {
      const story = await this.synced(document);
      const sent = this.daemon.send<Change>(method, { story: story.id, ...params });
      onSent?.(sent);
      const change = await sent.answer;
      if (change.splice) {
        await this.apply(document, story, change.splice);
      }
      this.changes.fire(document.uri.toString());
      return change;
    });
  }

  /** Puts text of the model into the document at an offset, and tells the story whose it is. */
  insert(document: vscode.TextDocument, offset: number, text: string, generation: Generation): Promise<void> {
    return this.inTurn(document, async () => {
      const story = await this.synced(document);
      const edit = { offset: bytesOf(story.text.slice(0, offset)), length: 0, text, origin: 'model', generation };
      const change = await this.daemon.request<Change>('story.edit', { story: story.id, edits: [edit] });
      await this.apply(document, story, change.splice ?? { offset: edit.offset, length: 0, text });
      this.changes.fire(document.uri.toString());
    });
  }

  /** Keeps text as a branch that begins at an offset; the manuscript stays as it is. */
  keep(document: vscode.TextDocument, offset: number, text: string, generation: Generation): Promise<void> {
    return this.inTurn(document, async () => {
      const { id, text: manuscript } = await this.synced(document);
      const bytes = bytesOf(manuscript.slice(0, offset));
      const path = await this.daemon.request<Nodes>('story.path', { story: id, last: ALL });
      const parent = await this.nodeThatEndsAt(id, path.nodes, bytes);
      await this.daemon.request('story.add', { story: id, parent, children: [{ text, origin: 'model', generation }] });
      this.changes.fire(document.uri.toString());
    });
  }

  /** Made by a split where there is none. */
  private async nodeThatEndsAt(story: number, path: StoryNode[], bytes: number): Promise<number> {
    for (const node of [...path].reverse()) {
      const begin = node.offset ?? 0;
      if (begin + node.bytes === bytes) {
        return node.id;
      } else if (begin < bytes) {
        const change = await this.daemon.request<Change>('story.split', { story, node: node.id, offset: bytes - begin });
        return change.nodes[0] ?? node.id;
      }
    }
    throw new Error('the story tree has no such place');
  }

  private async opened(document: vscode.TextDocument, create: boolean): Promise<Story> {
    const address = document.uri.toString();
    const known = this.open.get(address);
    if (known) {
      return known;
    }
    if (document.uri.scheme !== 'file') {
      throw new Error('a story tree belongs to a file; save this document first');
    }
    const text = document.getText();
    const { story } = await this.daemon.request<Opened>('story.open', { document: document.uri.fsPath, text, create });
    const opened = { id: story, text };
    this.open.set(address, opened);
    const { values } = await this.daemon.request<{ values: { key: string; value: string }[] }>('story.get', { story });
    const value = (key: string): string => values.find((kept) => kept.key === key)?.value ?? '';
    this.onNotes(document.uri, value('notes'), value('lorebook.txt'));
    return opened;
  }

  private async synced(document: vscode.TextDocument): Promise<Story> {
    const story = await this.opened(document, true);
    const text = document.getText();
    if (text !== story.text) {
      await this.daemon.request<Change>('story.sync', { story: story.id, text });
      story.text = text;
    }
    return story;
  }

  /** As one step to undo; refused where someone typed meanwhile, and then the next sync tells the story. */
  private async apply(document: vscode.TextDocument, story: Story, splice: Splice): Promise<void> {
    const there = story.text;
    const { offset, length, text } = inUnits(there, splice);
    story.text = there.slice(0, offset) + text + there.slice(offset + length);
    if (document.getText() !== there) {
      throw new Error('the text has changed meanwhile; the story tree follows it');
    }
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)), text);
    await vscode.workspace.applyEdit(edit);
    const editor = vscode.window.visibleTextEditors.find((visible) => visible.document === document);
    if (editor) {
      const end = document.positionAt(offset + text.length);
      editor.selection = new vscode.Selection(end, end);
      editor.revealRange(editor.selection);
    }
  }

  private close(document: vscode.TextDocument): void {
    const story = this.open.get(document.uri.toString());
    if (story && this.open.delete(document.uri.toString()) && this.daemon.isReady) {
      this.daemon.request('story.close', { story: story.id }).catch(() => undefined);
    }
  }

  private inTurn<Result>(document: vscode.TextDocument, run: () => Promise<Result>): Promise<Result> {
    const address = document.uri.toString();
    const before = this.queues.get(address) ?? Promise.resolve();
    const result = before.then(run, run);
    this.queues.set(address, result.catch(() => undefined));
    return result;
  }
}
