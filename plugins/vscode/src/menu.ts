// The quick pick behind the status bar item.
import * as path from 'node:path';

import * as vscode from 'vscode';

import { Daemon } from './daemon/daemon';
import { documentFile, Kind, openFile, workspaceFile } from './notes';
import { configuration, setting } from './settings';
import { setForLanguage, setForWorkspace, Where } from './where';

interface Choice extends vscode.QuickPickItem {
  run?: () => unknown;
}

export async function showMenu(daemon: Daemon, where: Where): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const run = (command: string) => () => vscode.commands.executeCommand(`understory.${command}`);
  const choices: Choice[] = [
    ...(document ? switches(document, where) : []),
    { label: '$(list-tree) Branches', description: 'continuations side by side', run: run('branches') },
    { label: 'Daemon', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(settings) Preset', description: setting('preset', document) || 'base', run: run('choosePreset') },
    { label: '$(file-binary) Model', description: daemon.hello?.model?.name ?? '', run: run('chooseModel') },
    { label: '$(debug-restart) Restart daemon', run: run('restart') },
    { label: '$(info) Status', run: run('status') },
    { label: '$(output) Log', run: run('showLog') },
    { label: 'What the model reads', kind: vscode.QuickPickItemKind.Separator },
    ...(document ? files(document) : []),
  ];
  const picked = await vscode.window.showQuickPick(choices, { title: 'Understory', placeHolder: placeholder(daemon) });
  await picked?.run?.();
}

function placeholder(daemon: Daemon): string {
  const { hello, state, reason } = daemon;
  return state === 'failed' ? reason : hello ? `${hello.model?.name ?? '?'} on ${hello.device?.name ?? '?'}` : '';
}

function switches(document: vscode.TextDocument, where: Where): Choice[] {
  const isOn = where.isOn(document);
  const verb = isOn ? 'Turn off' : 'Turn on';
  const icon = isOn ? '$(circle-slash)' : '$(check)';
  const set = (act: () => Thenable<void>) => async () => {
    where.forget(document);
    await act();
  };
  return [
    { label: `${icon} ${verb} in this document`, run: () => where.toggle(document) },
    { label: `${icon} ${verb} for ${document.languageId}`, run: set(() => setForLanguage(document.languageId, !isOn)) },
    ...(vscode.workspace.workspaceFolders
      ? [{ label: `${icon} ${verb} in this workspace`, run: set(() => setForWorkspace(!isOn)) }]
      : []),
  ];
}

function files(document: vscode.TextDocument): Choice[] {
  const choice = (kind: Kind, of: string, file: string | undefined): Choice[] =>
    file ? [{ label: `$(note) ${kind === 'notes' ? 'Notes' : 'Lorebook'} of this ${of}`,
      description: vscode.workspace.asRelativePath(file), run: () => openFile(file) }] : [];
  return (['notes', 'lorebook'] as const).flatMap((kind) => [
    ...choice(kind, 'workspace', workspaceFile(document, kind)),
    ...choice(kind, 'document', documentFile(document, kind)),
  ]);
}

export async function choosePreset(daemon: Daemon): Promise<void> {
  await daemon.connectAnew();
  const now = setting('preset', vscode.window.activeTextEditor?.document) || 'base';
  const names = daemon.hello?.presets ?? [];
  const picked = await vscode.window.showQuickPick(
    names.map((label) => ({ label, description: label === now ? 'now' : '' })), { title: 'Sampler preset' });
  if (picked) {
    await update('preset', picked.label);
  }
}

/** The workspace's value where it has one, else the user's. */
async function update(name: string, value: unknown): Promise<void> {
  const inWorkspace = configuration().inspect(name)?.workspaceValue !== undefined;
  await configuration().update(name, value, inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global);
}

const RECENT = 'models';
const RECENT_KEPT = 8;

/** A model is loaded when a daemon starts, so choosing one restarts it. */
export async function chooseModel(daemon: Daemon, memory: vscode.Memento): Promise<void> {
  const known = new Set([daemon.hello?.model?.path, ...memory.get<string[]>(RECENT, [])].filter((file): file is string => !!file));
  const BROWSE = '$(folder-opened) Browse…';
  const picked = await vscode.window.showQuickPick<vscode.QuickPickItem & { file?: string }>(
    [...[...known].map((file) => ({ label: path.basename(file), description: path.dirname(file), file })), { label: BROWSE }],
    { title: 'Model: a base model in GGUF form' });
  let file = picked?.file;
  if (picked?.label === BROWSE) {
    const chosen = await vscode.window.showOpenDialog({ title: 'Model', filters: { GGUF: ['gguf'] } });
    file = chosen?.[0]?.fsPath;
  }
  if (file) {
    await memory.update(RECENT, [file, ...[...known].filter((other) => other !== file)].slice(0, RECENT_KEPT));
    await configuration().update('model', file, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('understory.restart');
  }
}
