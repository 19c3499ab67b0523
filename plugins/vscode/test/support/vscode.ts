// A stand-in for the `vscode` module: as much of it as the tests touch, and handles to play the editor.

export class Position {
  constructor(readonly line: number, readonly character: number) {}
}

export class Range {
  constructor(readonly start: Position, readonly end: Position) {}
}

export class Uri {
  constructor(readonly scheme: string, readonly path: string) {}
  static file(path: string): Uri {
    return new Uri('file', path);
  }
  static from({ scheme, path }: { scheme: string; path: string }): Uri {
    return new Uri(scheme, path);
  }
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export class EventEmitter<T> {
  private listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  fire(value: T): void {
    this.listeners.forEach((listener) => listener(value));
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class InlineCompletionItem {
  command: unknown;
  constructor(readonly insertText: string, readonly range: Range) {}
}

export enum InlineCompletionTriggerKind {
  Invoke,
  Automatic,
}

export enum ConfigurationTarget {
  Global = 1,
  Workspace,
  WorkspaceFolder,
}

/** A document of \n-joined lines. */
export class Document {
  version = 1;
  constructor(public text: string, readonly languageId = 'markdown', readonly uri = Uri.file('/tmp/story.md')) {}
  get lineCount(): number {
    return this.text.split('\n').length;
  }
  lineAt(line: number): { text: string } {
    const text = this.text.split('\n')[line];
    if (text === undefined) {
      throw new Error(`no line ${line}`);
    }
    return { text };
  }
  get end(): Position {
    const lines = this.text.split('\n');
    return new Position(lines.length - 1, lines[lines.length - 1]?.length ?? 0);
  }
}

export const played = {
  settings: {} as Record<string, unknown>,
  /** Said for a language: `enabled`. */
  forLanguage: {} as Record<string, boolean>,
  commands: [] as unknown[][],
  onCommand: (_name: string): unknown => undefined,
  changes: new EventEmitter<unknown>(),
  selections: new EventEmitter<unknown>(),
  editors: new EventEmitter<unknown>(),
};

const DEFAULTS: Record<string, unknown> = require('../../package.json').contributes.configuration.properties;

export const workspace = {
  workspaceFolders: undefined,
  onDidChangeTextDocument: played.changes.event,
  getWorkspaceFolder: () => undefined,
  asRelativePath: (uri: Uri) => uri.path,
  getConfiguration: (_section: string, scope?: { languageId?: string }) => ({
    get: (name: string) => played.settings[name] ?? (DEFAULTS[`understory.${name}`] as { default: unknown }).default,
    inspect: () => ({ globalLanguageValue: played.forLanguage[scope?.languageId ?? ''] }),
  }),
};

export const window = {
  activeTextEditor: undefined as unknown,
  onDidChangeTextEditorSelection: played.selections.event,
  onDidChangeActiveTextEditor: played.editors.event,
};

export const commands = {
  executeCommand: async (name: string, ...args: unknown[]) => {
    played.commands.push([name, ...args]);
    return played.onCommand(name);
  },
};

export const languages = {
  registerInlineCompletionItemProvider: () => ({ dispose: () => undefined }),
};
