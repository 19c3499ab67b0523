// Taking a word, a sentence or a line of what is shown; another alternative; none.
//
// The editor's own Accept Word would take only the space where a suggestion begins with one, and ends
// words at apostrophes. So what is taken is put in here, as one step to undo. Only where the editor's own
// buttons may have chosen another alternative, which no stable API tells, its own commands take over.
import * as vscode from 'vscode';

import { piece, Unit } from '../text/cut';
import { GhostProvider } from './provider';

export function registerAccept(provider: GhostProvider): vscode.Disposable[] {
  const command = vscode.commands.registerCommand;
  return [
    command('understory.acceptWord', () => take(provider, 'word')),
    command('understory.acceptSentence', () => take(provider, 'sentence')),
    command('understory.acceptLine', () => take(provider, 'line')),
    command('understory.next', () => cycle(provider, 1)),
    command('understory.previous', () => cycle(provider, -1)),
    command('understory.trigger', () => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger')),
    command('understory.dismiss', async () => {
      provider.giveUp();
      await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    }),
    command('understory.accepted', () => provider.accepted()),
  ];
}

async function take(provider: GhostProvider, unit: Unit): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const shown = editor && provider.shown(editor);
  const rest = shown?.rests[shown.session.at % shown.rests.length];
  if (!editor || !shown || !rest || shown.session.isUncertain || editor.selections.length > 1) {
    const native = unit === 'word' ? 'acceptNextWord' : 'acceptNextLine';
    await vscode.commands.executeCommand(`editor.action.inlineSuggest.${native}`);
    provider.taken();
    return;
  }
  const text = piece(rest.text, unit);
  shown.session.suggestion.prefer(rest.choice);
  shown.session.at = 0;
  provider.taken();
  const position = editor.selection.active;
  await editor.edit((edit) => edit.insert(position, text), { undoStopBefore: true, undoStopAfter: true });
  editor.revealRange(new vscode.Range(editor.selection.active, editor.selection.active));
  await provider.refresh();
}

/** The editor has the list that it asked for, and moves on in it. */
async function cycle(provider: GhostProvider, step: number): Promise<void> {
  await provider.askAlternatives();
  await vscode.commands.executeCommand(`editor.action.inlineSuggest.${step > 0 ? 'showNext' : 'showPrevious'}`);
  const editor = vscode.window.activeTextEditor;
  const shown = editor && provider.shown(editor);
  if (shown) {
    shown.session.at = (shown.session.at + step + shown.rests.length) % shown.rests.length;
  }
}
