// The page of branches: a list box whose options lie side by side, for the keyboard alone or a pointer.
// Text comes from a model and is never taken for HTML.
import { FromPage, Part, ToPage, WRITING } from '../messages';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const vscode = acquireVsCodeApi();
const list = document.getElementById('branches') as HTMLElement;
const said = document.getElementById('said') as HTMLElement;
let parts: Part[] = [];
let at = 0;

function make(i: number): HTMLElement {
  const column = document.createElement('article');
  column.setAttribute('role', 'option');
  column.tabIndex = -1;
  column.dataset['i'] = String(i);
  for (const name of ['head', 'text']) {
    const element = document.createElement('div');
    element.className = name;
    column.append(element);
  }
  column.addEventListener('focus', () => select(i, false));
  column.addEventListener('dblclick', () => vscode.postMessage({ type: 'take', i }));
  return column;
}

function column(i: number): HTMLElement | undefined {
  return list.children[i] as HTMLElement | undefined;
}

function paint(i: number): void {
  const part = parts[i];
  const element = column(i);
  const [head, text] = element ? [...element.children] : [];
  if (!part || !element || !head || !text) {
    return;
  }
  head.textContent = [`${i + 1}/${parts.length}`, part.kept ? 'kept' : '', part.state === WRITING ? '…' : ''].filter(Boolean).join(' · ');
  text.textContent = part.text || (part.state === WRITING ? '' : part.state);
  text.classList.toggle('problem', !part.text && part.state !== WRITING);
  element.classList.toggle('kept', part.kept);
  element.setAttribute('aria-busy', String(part.state === WRITING));
  element.setAttribute('aria-label', `Branch ${i + 1} of ${parts.length}${part.kept ? ', kept' : ''}: ${part.text || part.state}`);
}

function select(i: number, focus = true): void {
  at = Math.max(0, Math.min(i, parts.length - 1));
  [...list.children].forEach((child, k) => {
    (child as HTMLElement).tabIndex = k === at ? 0 : -1;
    child.setAttribute('aria-selected', String(k === at));
  });
  if (focus) {
    column(at)?.focus();
    column(at)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  if (data.type === 'all') {
    parts = data.parts;
    list.setAttribute('aria-label', `Branches of ${data.title}`);
    list.replaceChildren(...parts.map((_, i) => make(i)));
    parts.forEach((_, i) => paint(i));
    select(at);
  } else if (data.type === 'part') {
    const before = parts[data.i];
    parts[data.i] = data.part;
    paint(data.i);
    if (data.part.kept && !before?.kept) {
      said.textContent = `Branch ${data.i + 1} is kept in the story tree`;
    } else if (before?.state === WRITING && data.part.state !== WRITING) {
      said.textContent = `Branch ${data.i + 1} is finished`;
    }
  } else {
    said.textContent = data.text;
  }
});

const KEYS: Record<string, () => void> = {
  ArrowLeft: () => select(at - 1),
  ArrowRight: () => select(at + 1),
  Home: () => select(0),
  End: () => select(parts.length - 1),
  Enter: () => vscode.postMessage({ type: 'take', i: at }),
  ' ': () => vscode.postMessage({ type: 'keep', i: at }),
  r: () => vscode.postMessage({ type: 'again', i: at }),
  R: () => vscode.postMessage({ type: 'all' }),
  Escape: () => vscode.postMessage({ type: 'close' }),
};

window.addEventListener('keydown', (event) => {
  const run = event.ctrlKey || event.altKey || event.metaKey ? undefined : KEYS[event.key];
  if (run) {
    event.preventDefault();
    event.stopPropagation();
    run();
  }
});

vscode.postMessage({ type: 'ready' });
