// The story tree of the active document, in the side bar.
import * as vscode from 'vscode';

import { Daemon } from '../daemon/daemon';
import { shape, Line, Shape, words } from './shape';
import { Stories } from './stories';
import { Nodes, StoryNode } from './wire';

export const TREE = 'understory.tree';
const LIMIT = 5000;
/** A pause in typing after which the tree follows. */
const FOLLOW_MS = 1000;

/** A line of the tree, the trash, or a pruned node in it. */
export type Item = Line | { trash: StoryNode[] } | { pruned: StoryNode };

export function nodeOf(item: Item | undefined): StoryNode | undefined {
  return item && ('node' in item ? item.node : 'pruned' in item ? item.pruned : undefined);
}

export class TreeView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changes.event;
  readonly view: vscode.TreeView<Item>;

  document: vscode.TextDocument | undefined;
  private shape: Shape = { top: [], lines: new Map() };
  private trash: Item | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly stories: Stories, private readonly daemon: Daemon) {
    this.view = vscode.window.createTreeView(TREE, { treeDataProvider: this, showCollapseAll: true });
    this.disposables = [
      this.view, this.changes,
      this.view.onDidChangeVisibility(() => void this.show()),
      vscode.window.onDidChangeActiveTextEditor(() => void this.show()),
      stories.onChange((address) => address === this.document?.uri.toString() && void this.load()),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document === this.document && contentChanges.length > 0 && this.view.visible && stories.isOpen(document)) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => void this.follow(document), FOLLOW_MS);
        }
      }),
    ];
    void this.show();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  /** The tree of the active document, where it has one and the view can be seen. */
  async show(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (!this.view.visible || !document || document.uri.scheme !== 'file') {
      return; // in an output or a preview the last document's tree stays
    }
    this.document = document;
    try {
      const exists = await this.stories.exists(document, false);
      if (document === this.document) {
        await (exists ? this.load() : this.empty());
      }
    } catch {
      this.empty();
    }
  }

  /** Makes a story for the active document. */
  async begin(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document ?? this.document;
    if (!document) {
      throw new Error('open a document first');
    }
    await this.stories.exists(document, true);
    this.document = document;
    await this.load();
  }

  async reveal(id: number | undefined, focus = false, select = true): Promise<void> {
    const line = id === undefined ? undefined : this.shape.lines.get(id);
    if (line && this.view.visible) {
      await this.view.reveal(line, { select, focus, expand: true });
    }
  }

  /** Those shown, in the tree's order. */
  get nodes(): StoryNode[] {
    return [...this.shape.lines.values()].map((line) => line.node);
  }

  private async follow(document: vscode.TextDocument): Promise<void> {
    try {
      await this.stories.sync(document);
      await this.load();
    } catch {
      // the daemon is away; the next look at the tree says so
    }
  }

  async load(): Promise<void> {
    const document = this.document;
    if (!document || !this.daemon.isReady) {
      return this.empty();
    }
    const [tree, trash] = await Promise.all([
      this.stories.read<Nodes>(document, 'story.nodes', { limit: LIMIT }),
      this.stories.read<Nodes>(document, 'story.trash', { limit: LIMIT }),
    ]);
    if (document !== this.document) {
      return;
    }
    this.shape = shape(tree.nodes);
    this.trash = trash.nodes.length > 0 ? { trash: trash.nodes } : undefined;
    this.view.description = vscode.workspace.asRelativePath(document.uri);
    this.view.message = tree.more ? `Only the first ${LIMIT} pieces are shown.` : '';
    void vscode.commands.executeCommand('setContext', 'understory.hasStory', true);
    this.changes.fire();
    await this.reveal(tree.nodes.find((node) => node.current)?.id, false, false);
  }

  private empty(): void {
    this.shape = { top: [], lines: new Map() };
    this.trash = undefined;
    this.view.description = '';
    void vscode.commands.executeCommand('setContext', 'understory.hasStory', false);
    this.changes.fire();
  }

  // ---- what VS Code asks --------------------------------------------------------------------

  getChildren(item?: Item): Item[] {
    if (!item) {
      return [...this.shape.top, ...(this.trash ? [this.trash] : [])];
    } else if ('trash' in item) {
      return item.trash.map((pruned) => ({ pruned }));
    }
    return 'node' in item ? item.below : [];
  }

  getParent(item: Item): Item | undefined {
    return 'node' in item ? item.above : 'pruned' in item ? this.trash : undefined;
  }

  getTreeItem(item: Item): vscode.TreeItem {
    if ('trash' in item) {
      const line = new vscode.TreeItem(`Trash (${item.trash.length})`, vscode.TreeItemCollapsibleState.Collapsed);
      line.id = 'trash';
      line.iconPath = new vscode.ThemeIcon('trash');
      line.contextValue = 'trash';
      return line;
    }
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const node = 'node' in item ? item.node : item.pruned;
    const below = 'node' in item ? item.below : [];
    const isOnPath = node.on_path || below.some((line) => line.node.on_path);
    const line = new vscode.TreeItem(words(node), below.length === 0 ? None : isOnPath ? Expanded : Collapsed);
    line.id = `${this.document?.uri.toString()} ${node.id}${'pruned' in item ? ' pruned' : ''}`;
    line.description = facts(node).join(' · ');
    line.iconPath = icon(node);
    line.contextValue = 'pruned' in item ? 'pruned' : node.parent === undefined ? 'root' : 'node';
    line.accessibilityInformation = { label: [words(node), ...spoken(node), ...facts(node)].join(', ') };
    line.command = { command: 'understory.tree.preview', title: 'Preview', arguments: [item] };
    return line;
  }

  /** The whole text, when the pointer rests on a line. */
  async resolveTreeItem(line: vscode.TreeItem, item: Item): Promise<vscode.TreeItem> {
    const node = nodeOf(item);
    if (node && this.document) {
      const { node: full } = await this.stories.read<{ node: StoryNode }>(this.document, 'story.node', { node: node.id });
      line.tooltip = new vscode.MarkdownString().appendText(String(full.text ?? ''));
    }
    return line;
  }
}

function facts(node: StoryNode): string[] {
  return [
    node.current ? 'here' : '', node.bookmarked ? '★' : '',
    node.mean_logprob === undefined ? '' : node.mean_logprob.toFixed(2),
  ].filter(Boolean);
}

function spoken(node: StoryNode): string[] {
  const origin = { typed: 'written by you', model: 'by the model', edited: 'by the model, changed by you' }[node.origin];
  return [origin, node.on_path ? 'in the manuscript' : 'a branch', node.bookmarked ? 'bookmarked' : ''].filter(Boolean);
}

function icon(node: StoryNode): vscode.ThemeIcon {
  const name = node.current ? 'arrow-right' : node.bookmarked ? 'bookmark' : node.parent === undefined ? 'circle-filled'
    : node.origin === 'typed' ? 'circle-small-filled' : node.origin === 'model' ? 'git-branch' : 'edit';
  return node.on_path ? new vscode.ThemeIcon(name, new vscode.ThemeColor('charts.yellow')) : new vscode.ThemeIcon(name);
}
