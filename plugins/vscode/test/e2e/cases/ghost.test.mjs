// Ghost text as a writer meets it: it appears, is typed through, taken in pieces, gone through, undone.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Rpc } from '../rpc.mjs';
import { until, VsCode } from '../vscode.mjs';

const OPENING = 'He had never been so tired, and';
let code;
let rpc;
let window;

before(async () => {
  code = await VsCode.start();
  window = await code.open('story.md');
  await window.type(OPENING);
  await window.waitGhost(); // the extension has started the daemon
  rpc = await Rpc.connect(code.socket);
});

after(async () => {
  rpc?.close();
  await code?.close();
});

afterEach(async ({ name }) => {
  if (process.env.UNDERSTORY_PICTURES) await window?.picture(`${process.env.UNDERSTORY_PICTURES}/${name.replace(/\W+/g, '-')}.png`);
  await window?.close();
  window = undefined;
});

async function fresh(...args) {
  window = await code.open(...args);
  return window;
}

test('it appears while typing, and Tab takes it', async () => {
  const text = await rpc.says(OPENING);
  assert.ok(text.length > 40);
  await window.waitGhost(text);
  await window.press('Tab');
  await window.saved(OPENING + text);
  await window.waitGhost(); // the next one, unasked
});

test('typing what it says keeps it and asks nothing', async () => {
  const window = await fresh('story.md');
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

test('typing something else asks again', async () => {
  const window = await fresh('story.md');
  await window.type(OPENING);
  await window.waitGhost(await rpc.says(OPENING));
  await window.type(' the Q');
  await window.waitGhost(await rpc.says(`${OPENING} the Q`));
});

test('words and sentences are taken one by one, and undone one by one', async () => {
  const window = await fresh('story.md');
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
  await window.press('Control+ArrowDown');
  const sentence = /^.*?\.(?= )/.exec(text)[0];
  await window.saved(OPENING + sentence);
  await window.press('Control+z');
  await window.saved(OPENING + taken);
  await window.press('Control+z');
  await window.saved(OPENING + taken.slice(0, -words[2].length - 1));
});

test('keys in a burst take as many words', async () => {
  const window = await fresh('story.md');
  await window.type(OPENING);
  const text = await rpc.says(OPENING);
  await window.waitGhost(text);
  await window.press('Control+ArrowRight', 'Control+ArrowRight', 'Control+ArrowRight');
  await window.saved(OPENING + text.split(' ').slice(0, 4).join(' '));
});

test('alternatives are gone through, there and back, and the one that is seen is taken', async () => {
  const params = { temperature: 1, seed: 7 };
  const window = await fresh('story.md', '', { settings: { 'understory.params': params } });
  await window.type(OPENING);
  const first = await rpc.says(OPENING, params);
  await window.waitGhost(first);
  await window.press('Alt+BracketRight');
  const second = await until('another one', async () => {
    const ghost = await window.ghost();
    return ghost && ghost !== first && ghost;
  });
  await window.press('Alt+BracketRight');
  const third = await until('a third', async () => {
    const ghost = await window.ghost();
    return ghost && ghost !== first && ghost !== second && ghost;
  });
  await window.press('Alt+BracketLeft');
  await window.waitGhost(second);
  await window.press('Control+ArrowRight');
  const word = ` ${second.trimStart().split(' ')[0]}`;
  await window.waitGhost(second.slice(word.length));
  await window.press('Alt+BracketLeft', 'Alt+BracketRight');
  await window.waitGhost(second.slice(word.length));
  await window.press('Tab');
  await window.saved(OPENING + second);
  assert.notEqual(second, third);
});

test('in the middle of a line it is put in where the cursor is', async () => {
  const [before, after] = ['She went down to the', ' and never came back.'];
  const window = await fresh('story.md', before + after);
  await window.press('Home', ...Array(before.length).fill('ArrowRight'));
  await window.type(' old');
  const text = await rpc.says(`${before} old`, { suffix: after, until: 'line' });
  assert.notEqual(text, '');
  await window.waitGhost(text);
  await window.press('Tab');
  await window.saved(`${before} old${text}${after}`);
});

test('several lines are shown below, and taken as they are', async () => {
  const settings = { temperature: 1, max_tokens: 60, until: 'none' };
  let text = '';
  for (let seed = 0; seed < 300 && !/\w\n+\w[^\n]*$/.test(text); ++seed) {
    settings.seed = seed;
    text = await rpc.says(OPENING, settings);
  }
  const window = await fresh('story.md', '', { settings: { 'understory.params': settings } });
  await window.type(OPENING);
  await until('the last line', async () => (await window.ghost()).replace(/\n+/g, '\n').endsWith(text.split('\n').pop().trimEnd()));
  await window.press('Shift+Tab');
  await window.saved(OPENING + /^\n*[^\n]*/.exec(text)[0]);
  await window.waitGhost();
  await window.press('Tab');
  await window.saved(OPENING + text);
});

test('text in any script is counted right, before and after what is taken', async () => {
  const page = '# 第一章 😀\n\n“Ça va, naïve ’fée’?” — é\u0301à.\n\n';
  const window = await fresh('story.md', page);
  await window.type(OPENING);
  const text = await rpc.says(page + OPENING);
  await window.waitGhost(text);
  await window.press('Control+ArrowRight', 'Control+ArrowRight');
  await window.saved(page + OPENING + text.split(' ').slice(0, 3).join(' '));
});

test('line ends of the other kind stay', async () => {
  const window = await fresh('story.md', 'One.\r\n\r\n');
  await window.type(OPENING);
  const text = await rpc.says(`One.\n\n${OPENING}`);
  await window.waitGhost(text);
  await window.press('Tab');
  await window.saved(`One.\r\n\r\n${OPENING}${text}`);
});

test('Escape hides it until something is typed', async () => {
  const window = await fresh('story.md');
  await window.type(OPENING);
  await window.waitGhost(await rpc.says(OPENING));
  await window.press('Escape');
  await window.waitNoGhost();
  await window.type(' he');
  await window.waitGhost();
});

test('it is off in code, on after a toggle, and by hand anywhere', async () => {
  const window = await fresh('story.py');
  await window.type('# He had never been so tired, and');
  await window.command('Understory: Suggest Now');
  await window.waitGhost();
  await window.press('Escape');
  await window.waitNoGhost();
  await window.command('Understory: Toggle in This Document');
  await window.type(' he');
  await window.waitGhost();
});

test('it grows at its end and never blinks', async () => {
  const window = await fresh('story.md');
  await window.page.evaluate(() => {
    const seen = (globalThis.seen = []);
    const look = () => {
      const text = [...document.querySelectorAll('.ghost-text-decoration')].map((e) => e.textContent.replace(/\u00a0/g, ' ')).join('');
      if (seen.at(-1) !== text) seen.push(text);
      requestAnimationFrame(look);
    };
    look();
  });
  await window.type(`It was late. ${OPENING}`);
  await window.waitGhost(await rpc.says(`It was late. ${OPENING}`));
  const seen = await window.page.evaluate(() => globalThis.seen);
  const last = seen.slice(seen.lastIndexOf('') + 1);
  last.forEach((text, i) => assert.ok(i === 0 || text.startsWith(last[i - 1]), JSON.stringify(last)));
  console.log(`# shown in ${last.length} steps: ${last.map((text) => text.length).join(', ')} characters`);
});
