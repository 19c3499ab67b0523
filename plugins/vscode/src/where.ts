// Where suggestions come by themselves: prose, unless a setting or the writer says otherwise.
import * as vscode from 'vscode';

import { configuration, setting } from './settings';

const SCHEMES = ['file', 'untitled', 'vscode-remote', 'vscode-vfs', 'vscode-userdata'];

export class Where {
  /** Of documents that the writer has turned on or off, by address, for as long as the window lives. */
  private readonly said = new Map<string, boolean>();
  private readonly changes = new vscode.EventEmitter<void>();
  readonly onChange = this.changes.event;

  isOn(document: vscode.TextDocument): boolean {
    return this.said.get(document.uri.toString()) ?? isOnByItself(document);
  }

  toggle(document: vscode.TextDocument): boolean {
    const on = !this.isOn(document);
    this.said.set(document.uri.toString(), on);
    this.changes.fire();
    return on;
  }

  forget(document: vscode.TextDocument): void {
    this.said.delete(document.uri.toString());
  }
}

/** `understory.enabled` said for a language, as in "[python]": {...}, wins over the list of languages. */
function isOnByItself(document: vscode.TextDocument): boolean {
  if (!SCHEMES.includes(document.uri.scheme)) {
    return false;
  }
  const said = vscode.workspace
    .getConfiguration('understory', { uri: document.uri, languageId: document.languageId })
    .inspect<boolean>('enabled');
  const forLanguage = said?.workspaceFolderLanguageValue ?? said?.workspaceLanguageValue ?? said?.globalLanguageValue;
  return forLanguage ?? (setting('enabled', document) && setting('languages', document).includes(document.languageId));
}

/** Writes `enabled` for a language into the settings: of the workspace where there is one. */
export async function setForLanguage(languageId: string, on: boolean): Promise<void> {
  const target = vscode.workspace.workspaceFolders ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration('understory', { languageId }).update('enabled', on, target, true);
}

export async function setForWorkspace(on: boolean): Promise<void> {
  await configuration().update('enabled', on, vscode.ConfigurationTarget.Workspace);
}
