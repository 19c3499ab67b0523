// What of a suggestion still fits, and how long to wait before the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pace } from '../../src/ghost/pace';
import { Suggestion } from '../../src/ghost/suggestion';
import { Document } from '../support/vscode';

function at(text: string, after = ''): { document: Document; suggestion: Suggestion } {
  const document = new Document(text + after);
  const end = new Document(text).end;
  return { document, suggestion: new Suggestion(document, end) };
}

test('what was typed is what stands between the anchor and the cursor, over several lines', () => {
  const { document, suggestion } = at('It was', ' late.');
  document.text = 'It was\n\nnot late.';
  assert.equal(suggestion.typed(document, { line: 2, character: 3 }), '\n\nnot');
  assert.equal(suggestion.typed(document, { line: 2, character: 2 }), undefined);
  document.text = 'It was so late.';
  assert.equal(suggestion.typed(document, { line: 0, character: 9 }), ' so');
  assert.equal(suggestion.typed(document, { line: 0, character: 5 }), undefined);
  document.text = 'It is so late.';
  assert.equal(suggestion.typed(document, { line: 0, character: 8 }), undefined);
});

test('what is typed takes away from the front of those that say so', () => {
  const { suggestion } = at('It was');
  const raining = suggestion.add(' raining');
  const late = suggestion.add(' late');
  assert.deepEqual(suggestion.rests(' ').map((rest) => rest.text), ['raining', 'late']);
  assert.deepEqual(suggestion.rests(' l'), [{ choice: late, text: 'ate' }]);
  raining.done = late.done = true;
  assert.ok(!suggestion.fits(' x'));
  assert.ok(suggestion.isUsedUp(' late'));
  assert.ok(!suggestion.isUsedUp(' lat'));
});

test('text that is still coming may yet fit what was typed ahead of it', () => {
  const { suggestion } = at('It was');
  const choice = suggestion.add(' ra');
  assert.ok(suggestion.fits(' rain') && suggestion.isComing(' rain'));
  choice.done = true;
  assert.ok(!suggestion.fits(' rain') && !suggestion.isComing(' rain'));
});

test('white space alone is nothing to show, and junk fits nothing', () => {
  const { suggestion } = at('It was');
  const choice = suggestion.add('  ');
  assert.deepEqual(suggestion.rests(''), []);
  choice.text = '';
  choice.done = true;
  assert.ok(!suggestion.fits(''));
});

test('the one of which something was taken comes first from then on', () => {
  const { suggestion } = at('It was');
  suggestion.add(' a');
  const second = suggestion.add(' b');
  suggestion.prefer(second);
  assert.equal(suggestion.choices[0], second);
});

test('the wait grows with the latency and with rejections, and an acceptance ends that', () => {
  const pace = new Pace();
  assert.equal(pace.delayMs(60, 1500), 60);
  pace.measured(500);
  assert.equal(pace.delayMs(60, 1500), 300);
  for (let i = 0; i < 5; ++i) pace.rejected();
  assert.equal(pace.delayMs(60, 1500), 600);
  for (let i = 0; i < 50; ++i) pace.rejected();
  assert.equal(pace.delayMs(60, 1500), 1500);
  pace.accepted();
  assert.equal(pace.delayMs(60, 1500), 300);
});
