// Rejects what only VS Code's own extensions may use: proposed API. (A VS Code that enables all of it, such
// as code-server, would not show the mistake.) The types of engines.vscode, which tsc checks against,
// have none of it either.
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'));

const PROPOSED = [
  'handleDidShowCompletionItem', 'handleDidPartiallyAcceptCompletionItem', 'handleDidRejectCompletionItem',
  'handleEndOfLifetime', 'handleListEndOfLifetime', 'onDidChangeInlineCompletions', 'provideInlineEditsForRange',
  'InlineCompletionsDisposeReason', 'debounceDelayMs', 'yieldTo', 'isInlineEdit', 'showInlineEditMenu',
  'completeBracketPairs', 'enableForwardStability', 'enabledApiProposals', 'proposed',
];

const problems = [];
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
if ('enabledApiProposals' in manifest) problems.push('package.json: enabledApiProposals');
const types = manifest.devDependencies['@types/vscode'].split('.').map(Number);
const engine = manifest.engines.vscode.replace('^', '').split('.').map(Number);
if (types[0] !== engine[0] || types[1] > engine[1]) {
  problems.push(`package.json: @types/vscode ${types.join('.')} is later than engines.vscode ${engine.join('.')}`);
}

for (const name of readdirSync('src', { recursive: true })) {
  const file = path.join('src', String(name));
  if (!file.endsWith('.ts')) continue;
  readFileSync(file, 'utf8').split('\n').forEach((line, i) => {
    for (const word of PROPOSED) {
      if (new RegExp(`\\b${word}\\b`).test(line)) problems.push(`${file}:${i + 1}: ${word} is proposed API`);
    }
    if (/registerInlineCompletionItemProvider\((?:[^()]|\([^()]*\))*,(?:[^(),]|\([^()]*\))*,/.test(line)) {
      problems.push(`${file}:${i + 1}: the third argument of the registration is proposed API`);
    }
  });
}

// Every command, setting and key that is named exists.
const contributes = manifest.contributes;
const commands = new Set(contributes.commands.map(({ command }) => command));
const menus = Object.values(contributes.menus ?? {}).flat();
for (const { command } of [...contributes.keybindings, ...menus]) {
  if (command && !commands.has(command)) problems.push(`package.json: ${command} is in a key or a menu and is no command`);
}

problems.forEach((problem) => console.error(problem));
process.exitCode = problems.length > 0 ? 1 : 0;
