// Ghost text as a writer meets it: it appears, is typed through, taken in pieces, gone through, undone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Rpc } from '../rpc.mjs';
import { until, VsCode } from '../vscode.mjs';

const OPENING = 'He had never been so tired, and';
let code;
let rpc;
let window;
let files = 0;

before(async () => {
  code = await VsCode.start();
  window = await code.open('first.md');
  await window.type(OPENING);
  await window.waitGhost(); // the extension has started the daemon
  rpc = await Rpc.connect(code.socket);
});

after(async () => {
  rpc?.close();
  await code?.close();
});

/** A new file in the window that is there. */
async function fresh(content = '') {
  const name = `page${++files}.md`;
  await window.close();
  window = await code.open(name, content);
  return window;
}

test('it appears while typing, and Tab takes it', async () => {
  const text = await rpc.says(OPENING);
  assert.ok(text.length > 40);
  await window.waitGhost(text);
  await window.press('Tab');
  await window.saved(OPENING + text);
});

test('typing what it says keeps it and asks nothing', async () => {
  const window = await fresh();
  await window.type(OPENING);
  const text = await rpc.says(OPENING);
  await window.waitGhost(text);
  const { completed } = (await rpc.call('status')).engine;
  for (let i = 1; i <= 12; ++i) {
    await window.type(text[i - 1]);
    await window.waitGhost(text.slice(i));
  }
  await window.press('Backspace', 'Backspace');
  await window.waitGhost(text.slice(10));
  assert.equal((await rpc.call('status')).engine.completed, completed);
  await window.press('Tab');
  await window.saved(OPENING + text);
});

test('words and sentences are taken one by one, and undone one by one', async () => {
  const window = await fresh();
  await window.type(OPENING);
  const text = await rpc.says(OPENING);
  await window.waitGhost(text);
  const words = text.split(' ').slice(1, 4);
  let taken = '';
  for (const word of words) {
    await window.press('Control+ArrowRight');
    taken += ` ${word}`;
    await window.waitGhost(text.slice(taken.length));
  }
  await window.saved(OPENING + taken);
  await window.press('Control+z');
  await window.saved(OPENING + taken.slice(0, -words[2].length - 1));
  await window.press('Control+z');
  await window.saved(`${OPENING} ${words[0]}`);
});
