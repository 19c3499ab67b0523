// What can be done with a node of the story tree.
import * as vscode from 'vscode';

import { Sent } from '../daemon/daemon';
import { samplerParams, setting } from '../settings';
import { Pages } from '../virtual';
import { words } from './shape';
import { Stories } from './stories';
import { Item, nodeOf, TreeView } from './tree_view';
import { Change, Match, StoryNode } from './wire';

type Register = (name: string, run: (item?: Item) => unknown) => vscode.Disposable;

export function registerTree(tree: TreeView, stories: Stories, pages: Pages, register: Register): vscode.Disposable[] {
  /** On the node that was clicked, or else the selected one, or else the current one. */
  const onNode = (run: (document: vscode.TextDocument, node: StoryNode) => unknown) => async (item?: Item) => {
    const node = nodeOf(item) ?? nodeOf(tree.view.selection[0]) ?? tree.nodes.find((one) => one.current);
    if (tree.document && node) {
      await run(tree.document, node);
    }
  };
  const change = (method: string, more: (node: StoryNode) => object | undefined = () => ({})) =>
    onNode(async (document, node) => {
      const params = more(node);
      const change = params && (await stories.change(document, method, { node: node.id, ...params }));
      await tree.reveal(change ? (change.nodes[0] ?? change.current) : undefined);
    });
  const step = (method: string) => async () => {
    if (tree.document) {
      const { kind, current } = await stories.change(tree.document, method, {});
      vscode.window.setStatusBarMessage(kind ? `Understory: ${method.slice(6)} of ${kind}` : 'Understory: nothing to do', 3000);
      await tree.reveal(current);
    }
  };
  return [
    register('tree.begin', () => tree.begin()),
    register('tree.generate', onNode((document, node) => generate(tree, stories, document, node))),
    register('tree.preview', onNode((document, node) => preview(stories, pages, document, node))),
    register('tree.choose', change('story.choose', () => ({ to: 'node', descend: true }))),
    register('tree.bookmark', change('story.mark', (node) => ({ bookmarked: !node.bookmarked }))),
    register('tree.prune', change('story.prune')),
    register('tree.restore', change('story.restore')),
    register('tree.rename', onNode(async (document, node) => {
      const name = await vscode.window.showInputBox({ title: 'Name of this branch', value: node.name ?? '',
        prompt: 'Empty: its first words' });
      if (name !== undefined) {
        await stories.change(document, 'story.mark', { node: node.id, name });
      }
    })),
    register('tree.search', () => search(tree, stories)),
    register('tree.undo', step('story.undo')),
    register('tree.redo', step('story.redo')),
    register('tree.refresh', () => tree.show()),
  ];
}

async function generate(tree: TreeView, stories: Stories, document: vscode.TextDocument, node: StoryNode): Promise<void> {
  const n = setting('branches', document);
  const complete = { n, until: 'paragraph', max_tokens: setting('branchTokens', document), ...samplerParams(document) };
  const location = vscode.ProgressLocation.Notification;
  const title = `Understory writes ${n} ${n === 1 ? 'branch' : 'branches'} after “${words(node).slice(0, 40)}”`;
  const change = await vscode.window.withProgress({ location, title, cancellable: true }, (_, token) => {
    const onSent = (sent: Sent<Change>): void => void token.onCancellationRequested(() => sent.cancel());
    return stories.change(document, 'story.generate', { node: node.id, complete }, onSent);
  });
  await tree.load();
  await tree.reveal(change.nodes.find((id) => id !== 0));
}

/** The manuscript beside what it would be. */
async function preview(stories: Stories, pages: Pages, document: vscode.TextDocument, node: StoryNode): Promise<void> {
  const { text } = await stories.read<{ text: string }>(document, 'story.text', { node: node.id });
  const title = `${words(node).slice(0, 40).replace(/\//g, '∕')}`;
  const page = pages.page(`${title}.md`, String(text));
  await vscode.commands.executeCommand('vscode.diff', document.uri, page, `Manuscript ↔ ${title}`,
    { preview: true, preserveFocus: true });
}

interface Found extends vscode.QuickPickItem {
  node: number;
}

async function search(tree: TreeView, stories: Stories): Promise<void> {
  const document = tree.document;
  if (!document) {
    return;
  }
  const pick = vscode.window.createQuickPick<Found>();
  pick.title = 'Search the story tree';
  pick.placeholder = 'Words in any branch';
  let asked = 0;
  pick.onDidChangeValue(async (query) => {
    const now = ++asked;
    pick.busy = true;
    const matches = query ? (await stories.read<{ matches: Match[] }>(document, 'story.search', { query })).matches : [];
    if (now === asked) {
      pick.items = matches.map((match) => ({ label: `…${match.before}${match.match}${match.after}…`.replace(/\s+/g, ' '),
        node: match.node, alwaysShow: true }));
      pick.busy = false;
    }
  });
  pick.onDidAccept(() => {
    const node = pick.selectedItems[0]?.node;
    pick.hide();
    void vscode.commands.executeCommand('understory.tree.focus').then(() => tree.reveal(node, true));
  });
  pick.onDidHide(() => pick.dispose());
  pick.show();
}
