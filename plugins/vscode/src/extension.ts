// What runs in the extension host: everything is made and wired here.
import * as vscode from 'vscode';

import { BranchesPanel } from './branches/panel';
import { Daemon, NOT_INSTALLED } from './daemon/daemon';
import { findProgram, startDaemon } from './daemon/program';
import { registerAccept } from './ghost/accept';
import { Pace } from './ghost/pace';
import { GhostProvider } from './ghost/provider';
import { chooseModel, choosePreset, showMenu } from './menu';
import { NotesOfDocuments } from './notes';
import { affects, daemonOptions, setting } from './settings';
import { report, StatusItem } from './status';
import { registerTree } from './story/commands';
import { Stories } from './story/stories';
import { Item, TreeView } from './story/tree_view';
import { Pages } from './virtual';
import { Where } from './where';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Understory', { log: true });
  const daemon = new Daemon({
    options: daemonOptions,
    program: () => findProgram(setting('command'), context.extensionPath),
    start: startDaemon,
    log: (line) => log.info(line),
  });
  const where = new Where();
  const notes = new NotesOfDocuments();
  const pace = new Pace();
  const pages = new Pages();
  const ghost = new GhostProvider(daemon, where, notes, pace);
  const status = new StatusItem(daemon, where, pace);
  const stories = new Stories(daemon);
  const tree = new TreeView(stories, daemon);
  stories.onNotes = (document, text, lorebook) => notes.keep(document, text, lorebook);
  daemon.onState = (state) => {
    status.show();
    if (state === 'ready') {
      stories.forget(); // the numbers of stories belong to a connection
      void tree.show();
      ghost.tryAgain();
    }
  };
  daemon.onNotification = (method, params) => {
    if (method === 'story.changed') {
      stories.changed(Number(params['story']));
    }
  };
  daemon.onFailure = (reason) => void tellOfFailure(reason, log);

  const command = (name: string, run: (item?: Item) => unknown) =>
    vscode.commands.registerCommand(`understory.${name}`, reporting(run));
  context.subscriptions.push(
    log, daemon, pages, stories, tree, ghost, status,
    ...registerAccept(ghost),
    ...registerTree(tree, stories, pages, command),
    command('branches', () => BranchesPanel.open(context.extensionUri, daemon, stories, notes)),
    command('menu', () => showMenu(daemon, where)),
    command('toggle', () => toggle(where, ghost)),
    command('choosePreset', () => choosePreset(daemon)),
    command('chooseModel', () => chooseModel(daemon, context.globalState)),
    command('restart', () => daemon.restart()),
    command('showLog', () => log.show()),
    command('status', async () => {
      await daemon.connectAnew().catch(() => undefined);
      const document = vscode.window.activeTextEditor?.document;
      const text = report(daemon, pace, where, (of) => notes.of(of), ghost.callMs, document);
      await vscode.window.showTextDocument(pages.page('Understory status', text), { preview: true });
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (affects(event, 'socket', 'command')) {
        daemon.disconnect();
      }
      if (event.affectsConfiguration('understory')) {
        ghost.settingsChanged();
        status.show();
      }
    }),
  );
}

function toggle(where: Where, ghost: GhostProvider): void {
  const document = vscode.window.activeTextEditor?.document;
  if (document) {
    ghost.drop();
    const isOn = where.toggle(document);
    vscode.window.setStatusBarMessage(`Understory is ${isOn ? 'on' : 'off'} in this document`, 3000);
    if (!isOn) {
      void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    }
  }
}

/** A command that a person has run says what went wrong. */
function reporting(run: (item?: Item) => unknown): (item?: Item) => Promise<void> {
  return async (item) => {
    try {
      await run(item);
    } catch (error) {
      void vscode.window.showErrorMessage(`Understory: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

async function tellOfFailure(reason: string, log: vscode.LogOutputChannel): Promise<void> {
  const SETTING = 'Say where it is';
  const HOW = 'How to install it';
  const LOG = 'Show log';
  const RETRY = 'Try again';
  const isMissing = reason === NOT_INSTALLED;
  const picked = isMissing
    ? await vscode.window.showWarningMessage(
      `Understory: ${reason}. It runs the model on this machine and has to be installed beside this extension.`, HOW, SETTING, RETRY)
    : await vscode.window.showWarningMessage(`Understory: ${reason}`, RETRY, LOG);
  if (picked === SETTING) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'understory.command');
  } else if (picked === HOW) {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', 'understory.understory#start', false);
  } else if (picked === LOG) {
    log.show();
  } else if (picked === RETRY) {
    await vscode.commands.executeCommand('understory.restart');
  }
}
