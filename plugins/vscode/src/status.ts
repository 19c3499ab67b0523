// The item in the status bar, and the report behind it.
import * as vscode from 'vscode';

import { Daemon, PROTOCOL } from './daemon/daemon';
import { Pace } from './ghost/pace';
import { Meter } from './meter';
import { Notes } from './notes';
import { setting } from './settings';
import { Where } from './where';

const REFRESH_MS = 1000;

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('understory.status', vscode.StatusBarAlignment.Right, 100);
  private readonly timer = setInterval(() => this.show(), REFRESH_MS);
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly daemon: Daemon, private readonly where: Where, private readonly pace: Pace) {
    this.item.name = 'Understory';
    this.item.command = 'understory.menu';
    this.listeners = [
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
      where.onChange(() => this.show()),
    ];
    this.show();
    this.item.show();
  }

  dispose(): void {
    clearInterval(this.timer);
    [this.item, ...this.listeners].forEach((disposable) => disposable.dispose());
  }

  show(): void {
    const document = vscode.window.activeTextEditor?.document;
    const isOn = document !== undefined && this.where.isOn(document);
    const { icon, text } = this.words(isOn);
    this.item.text = `$(${icon}) ${text}`;
    this.item.tooltip = [...this.facts(), isOn ? 'on in this document' : 'off in this document'].join('\n');
    this.item.accessibilityInformation = { label: `Understory: ${text}, ${isOn ? 'on' : 'off'} in this document` };
    this.item.backgroundColor =
      this.daemon.state === 'failed' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }

  private words(isOn: boolean): { icon: string; text: string } {
    const { state, hello } = this.daemon;
    if (state === 'failed') {
      return { icon: 'warning', text: 'Understory: no daemon' };
    } else if (state === 'connecting' || state === 'loading') {
      return { icon: 'loading~spin', text: state === 'loading' ? 'Understory: loading' : 'Understory: starting' };
    }
    const latency = this.pace.latencyMs > 0 ? ` ${Math.round(this.pace.latencyMs)} ms` : '';
    const name = state === 'ready' ? (hello?.model?.name ?? 'Understory') + latency : 'Understory';
    return { icon: isOn ? 'edit-sparkle' : 'circle-slash', text: name };
  }

  private facts(): string[] {
    const { hello, state, reason } = this.daemon;
    if (state === 'failed') {
      return [`no connection: ${reason}`];
    }
    return [
      hello?.model && `model ${hello.model.name}`,
      hello?.device && `device ${hello.device.name}`,
      this.pace.latencyMs > 0 && `first words after ${Math.round(this.pace.latencyMs)} ms`,
    ].filter((fact): fact is string => typeof fact === 'string');
  }
}

/** What a writer wants to know, a line a fact, and what to do where something is wrong. */
export function report(
  daemon: Daemon, pace: Pace, where: Where, notes: (document: vscode.TextDocument) => Notes, callMs: Meter,
  document: vscode.TextDocument | undefined,
): string {
  const lines = ['Understory for VS Code 0.1.0', '', ...aboutDaemon(daemon)];
  if (pace.latencyMs > 0) {
    const delay = pace.delayMs(setting('delayMs', document), setting('maxDelayMs', document));
    lines.push(`First words after ${pace.latencyMs.toFixed(1)} ms; asks ${Math.round(delay)} ms after a key.`);
  }
  if (callMs.count > 0) {
    lines.push(`Own work in a call of VS Code: median ${callMs.quantile(0.5).toFixed(3)} ms, ` +
      `p90 ${callMs.quantile(0.9).toFixed(3)} ms, of ${callMs.count}.`);
  }
  if (document) {
    const { notes: text, lorebook } = notes(document);
    lines.push('', `${where.isOn(document) ? 'On' : 'Off'} in ${vscode.workspace.asRelativePath(document.uri)} ` +
      `(language ${document.languageId}).`,
      `Notes: ${text.length} characters; lorebook: ${lorebook.length} ${lorebook.length === 1 ? 'entry' : 'entries'}.`);
  }
  return lines.join('\n') + '\n';
}

function aboutDaemon({ state, reason, hello }: Daemon): string[] {
  if (state === 'failed') {
    return [`No connection: ${reason}.`, "Run 'understory doctor' in a terminal; 'Understory: Restart Daemon' tries again."];
  } else if (state !== 'ready' || !hello) {
    return [state === 'off' ? 'No daemon was needed yet.' : 'The daemon is starting; a large model takes a while to load.'];
  }
  const { model, device } = hello;
  const protocol = hello.protocol === PROTOCOL ? '' : `; this extension ${PROTOCOL}: update the extension`;
  return [
    `Daemon ${hello.version}, process ${hello.pid}, protocol ${hello.protocol}${protocol}.`,
    `Model ${model?.name ?? '?'}: ${model?.architecture ?? '?'} ${model?.file_type ?? '?'}, context ${model?.context ?? 0} tokens.`,
    `Device ${device?.name ?? '?'} (${device?.kind ?? '?'}).`,
  ];
}
