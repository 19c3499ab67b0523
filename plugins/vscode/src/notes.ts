// What the model reads besides the text: notes and a lorebook, from the settings, from files of the
// workspace, from files of one document, and from its story.
import * as fs from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { LorebookEntry } from './rpc/messages';
import { setting } from './settings';
import { parseLorebook } from './text/lorebook';

export interface Notes {
  notes: string;
  lorebook: LorebookEntry[];
}

export type Kind = 'notes' | 'lorebook';

export class NotesOfDocuments {
  private readonly files = new Map<string, { stamp: string; text: string }>();
  /** Kept with the stories that are open here, by the document's address. */
  private readonly kept = new Map<string, { notes: string; lorebook: string }>();

  of(document: vscode.TextDocument): Notes {
    const kept = this.kept.get(document.uri.toString());
    const texts = (kind: Kind): string[] => [
      this.read(workspaceFile(document, kind)), this.read(documentFile(document, kind)), kept?.[kind] ?? ''];
    return {
      notes: [setting('notes', document), ...texts('notes')].map((text) => text.trim()).filter(Boolean).join('\n\n'),
      lorebook: [...setting('lorebook', document), ...texts('lorebook').flatMap(parseLorebook)],
    };
  }

  keep(document: vscode.Uri, notes: string, lorebook: string): void {
    this.kept.set(document.toString(), { notes, lorebook });
  }

  /** Read again only when it has changed. */
  private read(file: string | undefined): string {
    if (!file) {
      return '';
    }
    try {
      const { mtimeMs, size } = fs.statSync(file);
      const stamp = `${mtimeMs} ${size}`;
      const known = this.files.get(file);
      if (known?.stamp === stamp) {
        return known.text;
      }
      const text = fs.readFileSync(file, 'utf8').replace(/\r\n/g, '\n');
      this.files.set(file, { stamp, text });
      return text;
    } catch {
      return '';
    }
  }
}

/** The file of the document's workspace folder; undefined where it has none. */
export function workspaceFile(document: vscode.TextDocument, kind: Kind): string | undefined {
  const name = setting(kind === 'notes' ? 'notesFile' : 'lorebookFile', document);
  if (!name || path.isAbsolute(name)) {
    return name || undefined;
  }
  const folder = folderOf(document);
  return folder && path.join(folder, name);
}

/** .understory/notes/part one/chapter.md for part one/chapter.md. */
export function documentFile(document: vscode.TextDocument, kind: Kind): string | undefined {
  const folder = folderOf(document);
  return folder && path.join(folder, '.understory', kind, path.relative(folder, document.uri.fsPath));
}

function folderOf(document: vscode.TextDocument): string | undefined {
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  return folder?.uri.scheme === 'file' ? folder.uri.fsPath : undefined;
}

/** Opens such a file to write in, making it where there is none. */
export async function openFile(file: string): Promise<void> {
  if (!fs.existsSync(file)) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '', { flag: 'wx' });
  }
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}
