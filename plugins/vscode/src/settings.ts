// The settings of package.json, typed. Everything is read when it is used: a change needs no reload.
import * as vscode from 'vscode';

import { DaemonOptions } from './daemon/program';
import { socketPath } from './daemon/socket_path';
import { LorebookEntry } from './rpc/messages';

const SECTION = 'understory';

interface Settings {
  enabled: boolean;
  languages: string[];
  command: string;
  socket: string;
  model: string;
  device: string;
  delayMs: number;
  maxDelayMs: number;
  maxTokens: number;
  until: string;
  stream: boolean;
  alternatives: number;
  branches: number;
  branchTokens: number;
  preset: string;
  params: Record<string, unknown>;
  notes: string;
  notesFile: string;
  lorebook: LorebookEntry[];
  lorebookFile: string;
}

export function setting<Name extends keyof Settings>(name: Name, document?: vscode.TextDocument): Settings[Name] {
  return configuration(document).get(name) as Settings[Name];
}

export function configuration(document?: vscode.TextDocument): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION, document ?? null);
}

export function affects(event: vscode.ConfigurationChangeEvent, ...names: (keyof Settings)[]): boolean {
  return names.some((name) => event.affectsConfiguration(`${SECTION}.${name}`));
}

export function daemonOptions(): DaemonOptions {
  return { socket: socketPath(setting('socket')), model: setting('model'), device: setting('device') };
}

/** What every `complete` of a document is told besides its text and length. */
export function samplerParams(document: vscode.TextDocument): Record<string, unknown> {
  const preset = setting('preset', document);
  return { ...(preset ? { preset } : {}), ...setting('params', document) };
}
