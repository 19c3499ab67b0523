import assert from 'node:assert/strict';
import { test, TestContext } from 'node:test';

import { Daemon } from '../../src/daemon/daemon';
import { Pace } from '../../src/ghost/pace';
import { GhostProvider } from '../../src/ghost/provider';
import { NotesOfDocuments } from '../../src/notes';
import { Where } from '../../src/where';
import { FakeDaemon } from '../support/fake_daemon';
import { until } from '../support/until';
import { Document, InlineCompletionTriggerKind, played, Position, window } from '../support/vscode';

class Token {
  isCancellationRequested = false;
  private listeners: (() => void)[] = [];
  onCancellationRequested = (listener: () => void) => {
    this.listeners.push(listener);
    return { dispose: () => undefined };
  };
  cancel(): void {
    this.isCancellationRequested = true;
    this.listeners.forEach((listener) => listener());
  }
}

async function setUp(t: TestContext) {
  const fake = await new FakeDaemon().listen();
  const daemon = new Daemon({
    options: () => ({ socket: fake.socket, model: '', device: '' }), program: () => undefined,
    start: () => Promise.reject(new Error('not started')), log: () => undefined });
  const pace = new Pace();
  const provider = new GhostProvider(daemon, new Where(), new NotesOfDocuments(), pace);
  Object.assign(played, { settings: { delayMs: 0 }, forLanguage: {}, commands: [], onCommand: () => undefined });
  const document = new Document('Once upon');
  const editor = { document, selection: { active: document.end } };
  window.activeTextEditor = editor;
  t.after(async () => {
    provider.dispose();
    daemon.dispose();
    await fake.close();
  });

  const call = (kind: InlineCompletionTriggerKind, token = new Token(), more = {}) =>
    provider.provideInlineCompletionItems(document as never, document.end as never,
      { triggerKind: kind, selectedCompletionInfo: undefined, ...more } as never, token as never)
      .then((items) => items?.map((item) => item.insertText as string));
  const type = (text: string): void => {
    document.text += text;
    editor.selection = { active: document.end };
    played.changes.fire({ document, contentChanges: [{ range: { start: document.end }, text }] });
    played.selections.fire({ textEditor: editor });
  };
  return { fake, daemon, pace, provider, document, editor, type, call,
    automatic: (token?: Token) => call(InlineCompletionTriggerKind.Automatic, token),
    invoke: (token?: Token) => call(InlineCompletionTriggerKind.Invoke, token) };
}

test('it asks with the text around the cursor and answers with what came', async (t) => {
  const { fake, automatic } = await setUp(t);
  fake.says([' a time']);
  assert.deepEqual(await automatic(), [' a time']);
  const { params } = fake.of('complete')[0]!;
  assert.deepEqual({ ...params, document: '' }, {
    prefix: 'Once upon', prefix_offset: 0, n: 1, document: '', max_tokens: 40, until: 'paragraph' });
});

test('it answers with the first words, and makes VS Code ask again as it grows', async (t) => {
  const { fake, automatic } = await setUp(t);
  let finish = (): void => undefined;
  fake.answers['complete'] = (send, { id }) => {
    send([2, 'chunk', [{ request: id, branch: 0, text: ' a' }]]);
    finish = () => {
      send([2, 'chunk', [{ request: id, branch: 0, text: ' time' }]]);
      send([1, id, null, { branches: [{ text: ' a time', finish_reason: 'stop' }] }]);
    };
  };
  const refreshed: unknown[] = [];
  played.onCommand = async (name) => {
    if (name === 'editor.action.inlineSuggest.trigger') {
      refreshed.push(await automatic());
    }
  };
  assert.deepEqual(await automatic(), [' a']);
  finish();
  await until('a refresh', () => refreshed.length > 0);
  assert.deepEqual(refreshed[0], [' a time']);
  assert.equal(fake.of('complete').length, 1);
});

test('with streaming off it answers once, with all of it', async (t) => {
  const { fake, automatic } = await setUp(t);
  played.settings['stream'] = false;
  fake.says([' a', ' time']);
  assert.deepEqual(await automatic(), [' a time']);
});

test('typing what it says keeps the rest and asks nothing; typing otherwise is a rejection', async (t) => {
  const { fake, automatic, type, pace } = await setUp(t);
  fake.says([' a time']);
  await automatic();
  for (const [typed, rest] of [[' ', 'a time'], ['a', ' time'], [' ti', 'me']] as const) {
    type(typed);
    assert.deepEqual(await automatic(), [rest]);
  }
  assert.equal(fake.of('complete').length, 1);
  for (let i = 0; i < 5; ++i) {
    type(' X');
    fake.says([` more${i}`]);
    assert.deepEqual(await automatic(), [` more${i}`]);
  }
  assert.equal(pace.delayMs(100, 10_000), 200);
  pace.accepted();
  assert.equal(pace.delayMs(100, 10_000), 100);
});

test('what is used up is followed by the next at once', async (t) => {
  const { fake, automatic, type } = await setUp(t);
  played.settings['delayMs'] = 100_000;
  played.settings['maxDelayMs'] = 100_000;
  fake.says([' a']);
  type('');
  played.settings['delayMs'] = 0;
  await automatic();
  played.settings['delayMs'] = 100_000;
  fake.says([' time']);
  type(' a');
  assert.deepEqual(await automatic(), [' time']);
});

test('a call that is cancelled while the writer types on asks nothing', async (t) => {
  const { fake, automatic, type } = await setUp(t);
  played.settings['delayMs'] = 60_000;
  played.settings['maxDelayMs'] = 60_000;
  type('');
  played.changes.fire({ document: new Document(''), contentChanges: [{ range: { start: new Position(0, 0) }, text: 'x' }] });
  const token = new Token();
  const answer = automatic(token);
  token.cancel();
  assert.equal(await answer, undefined);
  assert.equal(fake.of('complete').length, 0);
});

test('a request that nobody waits for any more is cancelled; one that the next call takes up is not', async (t) => {
  const { fake, automatic, daemon } = await setUp(t);
  await daemon.connect();
  fake.answers['complete'] = () => undefined;
  const first = new Token();
  const answer = automatic(first);
  await until('the request', () => fake.of('complete').length === 1);
  first.cancel();
  assert.equal(await answer, undefined);
  const second = new Token();
  const taken = automatic(second);
  assert.equal(fake.of('complete').length, 1);
  assert.deepEqual(fake.cancelled, []);
  second.cancel();
  await taken;
  await until('the cancel', () => fake.cancelled.length === 1);
});

test('alternatives come on Invoke, in a stable order, without what is there already', async (t) => {
  const { fake, automatic, invoke, type } = await setUp(t);
  fake.says([' a time']);
  await automatic();
  fake.says([' a hill'], [' a time'], ['\n'], [' the sea']);
  assert.deepEqual(await invoke(), [' a time', ' a hill', ' the sea']);
  assert.equal(fake.of('complete')[1]!.params['n'], 4);
  assert.deepEqual(await invoke(), [' a time', ' a hill', ' the sea']);
  assert.equal(fake.of('complete').length, 2);
  type(' a');
  assert.deepEqual(await automatic(), [' time', ' hill']);
});

test('junk and bytes that are no text are not shown', async (t) => {
  const { fake, automatic } = await setUp(t);
  fake.answers['complete'] = (send, { id }) =>
    send([1, id, null, { branches: [{ text: '', suppressed: 'loops', finish_reason: 'repetition' }] }]);
  assert.equal(await automatic(), undefined);
  fake.answers['complete'] = (send, { id }) =>
    send([1, id, null, { branches: [{ text: Uint8Array.of(0xff), finish_reason: 'stop' }] }]);
  assert.equal(await automatic(), undefined);
});

test('in the middle of a line it ends with the line', async (t) => {
  const { fake, document, provider } = await setUp(t);
  document.text = 'Once  time\nthere';
  fake.says(['upon a']);
  await provider.provideInlineCompletionItems(document as never, new Position(0, 5) as never,
    { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo: undefined } as never, new Token() as never);
  const { params } = fake.of('complete')[0]!;
  assert.equal(params['until'], 'line');
  assert.equal(params['suffix'], ' time\nthere');
});

test('it is on in prose, off in code, and as said for a language; by hand it comes anywhere', async (t) => {
  const { fake, provider } = await setUp(t);
  fake.says([' x']);
  const ask = (languageId: string, kind: InlineCompletionTriggerKind) => {
    const document = new Document('Once', languageId);
    provider.drop();
    return provider.provideInlineCompletionItems(document as never, document.end as never,
      { triggerKind: kind, selectedCompletionInfo: undefined } as never, new Token() as never);
  };
  const { Automatic, Invoke } = InlineCompletionTriggerKind;
  assert.equal((await ask('plaintext', Automatic))?.length, 1);
  assert.equal(await ask('python', Automatic), undefined);
  assert.equal((await ask('python', Invoke))?.length, 1);
  played.forLanguage = { python: true, plaintext: false };
  assert.equal((await ask('python', Automatic))?.length, 1);
  assert.equal(await ask('plaintext', Automatic), undefined);
  played.forLanguage = {};
  played.settings['enabled'] = false;
  assert.equal(await ask('plaintext', Automatic), undefined);
});

test('nothing comes beside the list of suggestions', async (t) => {
  const { fake, call } = await setUp(t);
  fake.says([' x']);
  const selectedCompletionInfo = { text: 'upon', range: {} };
  assert.equal(await call(InlineCompletionTriggerKind.Automatic, new Token(), { selectedCompletionInfo }), undefined);
});
