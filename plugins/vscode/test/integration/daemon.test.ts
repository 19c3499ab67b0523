// The client against the real daemon, which the extension's own code starts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';

import { Daemon } from '../../src/daemon/daemon';
import { findProgram, startDaemon } from '../../src/daemon/program';
import { Chunk, CompleteResult } from '../../src/rpc/messages';
import { until } from '../support/until';

const OPENING = 'He had never been so tired, and';
const BIN = process.env['UNDERSTORY_BIN'] ?? path.resolve('../../build/release/bin');
const MODEL = process.env['UNDERSTORY_MODEL'] ?? path.resolve('../../models/understory-3m.gguf');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'us-'));
const socket = path.join(folder, 's');
let daemon: Daemon;

function make(): Daemon {
  return new Daemon({
    options: () => ({ socket, model: MODEL, device: '' }), program: () => findProgram(BIN, '/nowhere'),
    start: startDaemon, log: (line) => process.env["DEBUG_DAEMON"] && console.error(line) });
}

before(() => {
  for (const name of ['CONFIG', 'STATE', 'DATA']) {
    process.env[`XDG_${name}_HOME`] = path.join(folder, name);
  }
  daemon = make();
});

after(() => {
  daemon.dispose();
  execFileSync(path.join(BIN, 'understory'), ['stop', '--socket', socket], { stdio: 'ignore' });
  fs.rmSync(folder, { recursive: true, force: true });
});

test('two windows start one daemon', async () => {
  const other = make();
  await Promise.all([daemon.connect(), other.connect()]);
  assert.equal(daemon.hello?.pid, other.hello?.pid);
  assert.ok(daemon.contextTokens > 100);
  other.dispose();
});

test('a completion streams, and its pieces are its text', async () => {
  const pieces: string[] = [];
  const onChunk = (chunk: Chunk): void => void pieces.push(chunk.text as string);
  const sent = daemon.send<CompleteResult>('complete', { prefix: OPENING, temperature: 0, max_tokens: 20 }, onChunk);
  const result = await sent.answer;
  assert.equal(pieces.join(''), result.branches[0]?.text);
  assert.ok(pieces.length > 3);
});

test('a cancelled request ends soon', async () => {
  let pieces = 0;
  const sent = daemon.send<CompleteResult>('complete', { prefix: OPENING, max_tokens: 400, until: 'none', seed: 1 }, () => {
    pieces += 1;
    sent.cancel();
  });
  const result = await sent.answer;
  assert.equal(result.branches[0]?.finish_reason, 'cancelled');
  assert.equal(pieces, 1);
});

test('seeds of 64 bits come back as they went', async () => {
  const seed = 2n ** 63n + 12345n;
  const ask = () => daemon.request<CompleteResult>('complete', { prefix: OPENING, max_tokens: 8, seed });
  const [one, two] = [await ask(), await ask()];
  assert.equal(one.branches[0]?.seed, seed);
  assert.equal(one.branches[0]?.text, two.branches[0]?.text);
});

test('errors carry the code of the protocol', async () => {
  await assert.rejects(daemon.request('complete', { prefix: OPENING, n: 99 }), { code: 'invalid_argument' });
});

test('a daemon that was killed is started again', async () => {
  const { pid } = daemon.hello!;
  process.kill(pid, 'SIGKILL');
  await until('another daemon', () => daemon.isReady && daemon.hello?.pid !== pid);
  const result = await daemon.request<CompleteResult>('complete', { prefix: OPENING, max_tokens: 4 });
  assert.equal(result.branches.length, 1);
});

test('a restart brings another daemon', async () => {
  const { pid } = daemon.hello!;
  await daemon.restart();
  assert.notEqual(daemon.hello?.pid, pid);
});
