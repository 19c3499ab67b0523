import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inUnits, unitsOf } from '../../src/text/bytes';
import { piece } from '../../src/text/cut';
import { parseLorebook } from '../../src/text/lorebook';
import { TextWindow } from '../../src/text/window';
import { Document, Position } from '../support/vscode';

test('a word is taken with the space before it and what clings to it', () => {
  assert.equal(piece(' don’t, she said', 'word'), ' don’t,');
  assert.equal(piece('oying her', 'word'), 'oying');
  assert.equal(piece('\n\nThen', 'word'), '\n\nThen');
  assert.equal(piece('猫が好き', 'word'), '猫');
  assert.equal(piece('  ', 'word'), '  ');
});

test('a sentence ends after its closing quote, and not at a title', () => {
  assert.equal(piece(' said Mr. Darcy. “No.” And', 'sentence'), ' said Mr. Darcy.');
  assert.equal(piece(' “Never!” he said.', 'sentence'), ' “Never!”');
  assert.equal(piece(' and no end', 'sentence'), ' and no end');
  assert.equal(piece('そう。彼は', 'sentence'), 'そう。');
  assert.equal(piece(' 3.14 is pi. Yes', 'sentence'), ' 3.14 is pi.');
});

test('a line is taken with the line breaks before it', () => {
  assert.equal(piece('\n\nOne\nTwo', 'line'), '\n\nOne');
  assert.equal(piece(' one\ntwo', 'line'), ' one');
});

test('bytes become UTF-16 units, and a place inside a character its beginning', () => {
  const text = 'aé猫😀z';
  assert.deepEqual([0, 1, 2, 3, 6, 8, 10, 11, 99].map((n) => unitsOf(text, n)), [0, 1, 1, 2, 3, 3, 5, 6, 6]);
  assert.deepEqual(inUnits(text, { offset: 3, length: 7, text: 'x' }), { offset: 2, length: 3, text: 'x' });
});

test('a lorebook is paragraphs with keys before a colon', () => {
  assert.deepEqual(parseLorebook('Ann, Annie: a sailor\nwith red hair.\n\nno entry\n\n: nothing\n\nSea: deep: cold'), [
    { keys: ['Ann', 'Annie'], text: 'a sailor\nwith red hair.' }, { keys: ['Sea'], text: 'deep: cold' }]);
});

test('a short document is sent whole, with what follows the cursor', () => {
  const document = new Document('One é.\nTwo three.\nFour');
  assert.deepEqual(new TextWindow().gather(document, new Position(1, 3), 2048),
    { prefix: 'One é.\nTwo', prefixOffset: 0, suffix: ' three.\nFour', after: ' three.' });
});

test('of a long document the last part is sent, with the bytes before it', () => {
  const line = 'Ein längerer Satz, über den nichts weiter zu sagen ist.';
  const document = new Document(Array.from({ length: 400 }, (_, i) => `${i} ${line}`).join('\n'));
  const window = new TextWindow();
  let starts = new Set<number>();
  for (let at = 300; at < 400; ++at) {
    const { prefix, prefixOffset } = window.gather(document, new Position(at, 4), 256);
    const whole = document.text.split('\n').slice(0, at).join('\n') + '\n' + document.lineAt(at).text.slice(0, 4);
    assert.equal(Buffer.from(whole).subarray(prefixOffset).toString(), prefix);
    assert.ok(prefix.length > 1000 && prefix.length <= 2048 + 512, `${prefix.length}`);
    starts.add(prefixOffset);
  }
  assert.ok(starts.size < 20, `moved ${starts.size} times in 100 lines`);
});

test('what changes before the part sent moves its offset', () => {
  const document = new Document('abc\n'.repeat(2000));
  const window = new TextWindow();
  const before = window.gather(document, document.end, 256).prefixOffset;
  document.text = `ééé${document.text}`;
  window.changed(document, 0);
  const after = window.gather(document, document.end, 256);
  assert.equal(Buffer.from(document.text).subarray(after.prefixOffset).toString(), after.prefix);
  assert.notEqual(after.prefixOffset, before);
});

test('a paragraph longer than the part is cut at a word', () => {
  const document = new Document('wörter '.repeat(3000));
  const { prefix, prefixOffset } = new TextWindow().gather(document, document.end, 256);
  assert.ok(prefix.startsWith('wörter') && prefix.length < 4000);
  assert.equal(Buffer.from(document.text).subarray(prefixOffset).toString(), prefix);
});
