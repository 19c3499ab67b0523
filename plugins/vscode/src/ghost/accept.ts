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

/** Keys may come faster than the editor tells what the last one did. */
let last: Promise<unknown> = Promise.resolve();

function take(provider: GhostProvider, unit: Unit): Promise<void> {
  const taken = last.then(() => takeNow(provider, unit));
  last = taken.catch(() => undefined);
  return taken;
}

async function takeNow(provider: GhostProvider, unit: Unit, triesLeft = 5): Promise<void> {
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
  if (await editor.edit((edit) => edit.insert(position, text), { undoStopBefore: true, undoStopAfter: true })) {
    // The editor's own word of its cursor may come later than the next key.
    const lines = text.split('\n');
    const end = lines.length === 1 ? position.translate(0, text.length)
      : new vscode.Position(position.line + lines.length - 1, lines[lines.length - 1]?.length ?? 0);
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(editor.selection);
    void provider.refresh();
  } else if (triesLeft > 0) {
    await takeNow(provider, unit, triesLeft - 1); // the document was a newer one than is known here
  }
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
