// Branches side by side and the story tree, from VS Code to the daemon's file and back.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { after, afterEach, before, test } from 'node:test';

import { Rpc } from '../rpc.mjs';
import { until, VsCode } from '../vscode.mjs';

const OPENING = 'The letter was from her sister, and';
let code;
let window;

before(async () => {
  code = await VsCode.start({ user: { 'understory.params': { temperature: 1 }, 'understory.branchTokens': 40 } });
});
after(() => code?.close());
afterEach(async ({ name }) => {
  if (process.env.UNDERSTORY_PICTURES) await window?.picture(`${process.env.UNDERSTORY_PICTURES}/${name.replace(/\W+/g, '-')}.png`);
  await window?.close();
});

const finished = (frame) => until('four branches', async () => {
  const busy = await frame.locator('article').evaluateAll((all) => all.map((one) => one.getAttribute('aria-busy')));
  return busy.length === 4 && busy.every((one) => one === 'false');
});
const texts = (frame) => frame.locator('article .text').allTextContents();

/** A window with the tree beside the text. */
async function withTree(...args) {
  window = await code.open('story.md', ...args);
  await window.command('Understory: Focus on Story Tree View');
  return window;
}

test('branches stream; one is kept, one is taken, and the tree shows both', async () => {
  const window = await withTree(OPENING);
  await window.page.click('.part.editor .view-lines');
  await window.press('Control+End', 'Alt+Enter');
  const frame = await window.branches();
  await until('text of a branch that is still written, or all', async () => (await texts(frame)).some((text) => text));
  await finished(frame);
  const [first, second] = await texts(frame);
  assert.notEqual(first, second);
  await frame.locator('article').first().focus();
  await window.press('Space');
  await frame.locator('article.kept').waitFor();
  await window.press('ArrowRight', 'Enter');
  await until('the text in the editor', async () => !(await frame.locator('article').count().catch(() => 0)));
  await window.saved(OPENING + second);
  await until('the branches in the tree', async () => {
    const lines = (await window.treeLines()).join('\n');
    return [first, second].every((text) => lines.includes(text.trim().replace(/\s+/g, ' ').slice(0, 20)));
  });
  assert.ok(fs.existsSync(`${window.folder}/story.md.story`));
});

test('branches are written below a node; one is chosen, named, marked, found, pruned, restored', async () => {
  const window = await withTree(OPENING);
  await window.page.locator('.welcome-view-content .monaco-button', { hasText: 'Begin a Story Tree' }).click();
  const row = window.treeRow(OPENING.slice(0, 20));
  await row.click();
  await row.press('g');
  await until('four branches', async () => (await window.treeLines()).length >= 6);
  const lines = await window.treeLines();
  const branch = lines[3];
  const begin = branch.slice(0, 12);
  await window.treeRow(begin).click();
  await window.page.locator('.tab', { hasText: 'Manuscript ↔' }).waitFor(); // what it would change
  await window.treeRow(begin).press('Control+Enter');
  await until('the branch to be the manuscript', async () => (await window.treeLines()).some((line) => line.includes('here') && line.startsWith(begin)));
  await window.treeRow(begin).press('b');
  await until('a bookmark', async () => (await window.treeLines()).some((line) => line.startsWith(begin) && line.includes('★')));
  await window.treeRow(begin).press('F2');
  await window.page.waitForSelector('.quick-input-widget input');
  await window.page.keyboard.type('the quiet one');
  await window.press('Enter');
  await window.treeRow('the quiet one').waitFor();
  await window.treeRow('the quiet one').press('/');
  await window.page.waitForSelector('.quick-input-widget input');
  await window.page.keyboard.type(begin.split(' ')[0]);
  await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  await window.press('Escape');
  await window.treeRow('the quiet one').click();
  await window.treeRow('the quiet one').press('Delete');
  await window.treeRow('Trash (1)').waitFor();
  await window.page.locator('.tab', { hasText: 'story.md' }).first().click();
  await window.page.click('.part.editor .view-lines');
  await window.saved(OPENING);
  await window.treeRow('Trash (1)').click();
  await window.treeRow('Trash (1)').press('ArrowRight');
  await until('the pruned one', async () => (await window.treeLines()).filter((line) => line.includes('the quiet one')).length === 1);
  await window.treeRow('the quiet one').click();
  await window.treeRow('the quiet one').press('u');
  await until('an empty trash', async () => !(await window.treeLines()).some((line) => line.startsWith('Trash')));
});

test('what another client does to the tree is shown', async () => {
  const window = await withTree(OPENING);
  await window.page.locator('.welcome-view-content .monaco-button', { hasText: 'Begin a Story Tree' }).click();
  await window.treeRow(OPENING.slice(0, 20)).waitFor();
  const rpc = await Rpc.connect(code.socket);
  const { story, current } = await rpc.call('story.open', { document: `${window.folder}/story.md` });
  await rpc.call('story.add', { story, parent: current, children: [{ text: ' a client elsewhere wrote this' }] });
  await window.treeRow('a client elsewhere').waitFor();
  rpc.close();
});
