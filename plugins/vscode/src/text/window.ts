// The text around the cursor, as much of it as the model can see. What it costs does not grow with
// the document while the cursor stays in one region of it.

/** What of vscode.TextDocument is needed here. */
export interface Lines {
  readonly lineCount: number;
  lineAt(line: number): { readonly text: string };
}

export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface Gathered {
  /** Line ends are \n here, whatever the document has. */
  prefix: string;
  /** Bytes of the document before `prefix`, counted with such line ends. */
  prefixOffset: number;
  suffix: string;
  /** The rest of the cursor's line. */
  after: string;
}

/** Always enough to fill a context (PROTOCOL.md, "Long documents"); the daemon drops the rest. */
const BYTES_A_TOKEN = 8;
const MAX_BYTES = 500_000;
const SUFFIX_LINES = 50;

interface Start {
  line: number;
  bytes: number;
}

export class TextWindow {
  private readonly starts = new WeakMap<Lines, Start>();

  /** Something has changed from this line on. */
  changed(document: Lines, line: number): void {
    if ((this.starts.get(document)?.line ?? 0) > line) {
      this.starts.delete(document);
    }
  }

  gather(document: Lines, place: Place, contextTokens: number): Gathered {
    const limit = Math.min(contextTokens * BYTES_A_TOKEN, MAX_BYTES);
    const line = document.lineAt(place.line).text;
    const { text, bytes } = this.before(document, place, limit);
    const after = line.slice(place.character);
    return { prefix: text, prefixOffset: bytes, suffix: suffix(document, place.line, after, limit / 8), after };
  }

  /** The start moves in steps of a quarter of the limit, so that from key to key the daemon sees the
   * same text with a little more at its end. */
  private before(document: Lines, place: Place, limit: number): { text: string; bytes: number } {
    const step = Math.max(Math.floor(limit / 4), 1);
    let start = this.starts.get(document);
    let text = start && start.line <= place.line ? join(document, start.line, place) : undefined;
    if (text === undefined || text.length > limit + step || (start?.line && text.length < limit - 2 * step)) {
      start = findStart(document, place, limit, step);
      this.starts.set(document, start);
      text = join(document, start.line, place);
    }
    const bytes = start?.bytes ?? 0;
    if (text.length <= limit + step) {
      return { text, bytes };
    }
    // The cursor's paragraph alone is longer than that: from a word on.
    const dropped = Math.ceil((text.length - limit) / step) * step;
    const space = text.slice(dropped).search(/\s/);
    let cut = space < 0 ? dropped : dropped + space + 1;
    if (/[\udc00-\udfff]/.test(text[cut] ?? '')) {
      cut += 1; // not half a character
    }
    return { text: text.slice(cut), bytes: bytes + Buffer.byteLength(text.slice(0, cut)) };
  }
}

function join(document: Lines, first: number, place: Place): string {
  const lines: string[] = [];
  for (let i = first; i < place.line; ++i) {
    lines.push(document.lineAt(i).text);
  }
  lines.push(document.lineAt(place.line).text.slice(0, place.character));
  return lines.join('\n');
}

function findStart(document: Lines, place: Place, limit: number, step: number): Start {
  let total = place.character;
  for (let i = 0; i < place.line; ++i) {
    total += document.lineAt(i).text.length + 1;
  }
  if (total <= limit) {
    return { line: 0, bytes: 0 };
  }
  const dropped = Math.ceil((total - limit) / step) * step;
  let passed = 0;
  let bytes = 0;
  let line = 0;
  while (line < place.line && passed < dropped) {
    const text = document.lineAt(line).text;
    passed += text.length + 1;
    bytes += Buffer.byteLength(text) + 1;
    line += 1;
  }
  return { line, bytes };
}

function suffix(document: Lines, line: number, after: string, limit: number): string {
  const lines = [after.slice(0, limit)];
  let length = after.length;
  for (let i = line + 1; i < document.lineCount && i <= line + SUFFIX_LINES && length < limit; ++i) {
    const text = document.lineAt(i).text.slice(0, limit);
    lines.push(text);
    length += text.length + 1;
  }
  return lines.join('\n');
}
