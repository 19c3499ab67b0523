import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

import { encode } from '@msgpack/msgpack';

import { encodeNotification, encodeRequest, Message, messages } from '../../src/rpc/codec';
import { RpcClient } from '../../src/rpc/client';
import { RpcError } from '../../src/rpc/messages';
import { FakeDaemon } from '../support/fake_daemon';
import { until } from '../support/until';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) {
    yield bytes.slice(i, i + size);
  }
}

async function read(bytes: Uint8Array, size: number): Promise<Message[]> {
  const all: Message[] = [];
  for await (const message of messages(pieces(bytes, size))) {
    all.push(message);
  }
  return all;
}

test('the example of the protocol has its bytes', () => {
  assert.equal(Buffer.from(encodeRequest(1, 'status', {})).toString('hex'), '940001a67374617475739180');
  assert.equal(Buffer.from(encodeNotification('cancel', { request: 3 })).toString('hex'), '9302a663616e63656c9181a77265717565737403');
});

test('messages are found however the bytes are cut', async () => {
  const bytes = Buffer.concat([
    encode([1, 7, null, { branches: [{ text: 'é😀' }] }]), encode([2, 'chunk', [{ request: 7, branch: 0, text: 'x' }]]),
    encodeRequest(9, 'story.open', { seed: 2n ** 63n })]);
  for (const size of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(await read(bytes, size), [
      { kind: 'response', id: 7, error: null, result: { branches: [{ text: 'é😀' }] } },
      { kind: 'notification', method: 'chunk', params: { request: 7, branch: 0, text: 'x' } },
      { kind: 'request', id: 9, method: 'story.open', params: { seed: 2n ** 63n } }]);
  }
});

test('the golden messages of the project are read, and sent on as they were', async () => {
  const folder = path.join(process.env['UNDERSTORY_ROOT'] ?? path.resolve('../..'), 'tests/protocol/golden');
  let n = 0;
  for (const name of fs.readdirSync(folder).filter((name) => /_(request|response|notification)\.hex$/.test(name))) {
    const bytes = Buffer.from(fs.readFileSync(path.join(folder, name), 'utf8').replace(/\s|#.*/g, ''), 'hex');
    const [message, ...more] = await read(bytes, 5);
    assert.ok(message && more.length === 0, name);
    if (message.kind === 'request' && !/e[0-9]|\d\.\d/.test(JSON.stringify(message.params, (_, v) => typeof v === 'bigint' ? `${v}` : v))) {
      assert.equal(Buffer.from(encodeRequest(message.id, message.method, message.params as object)).length, bytes.length, name);
    }
    n += 1;
  }
  assert.ok(n > 10, `${n} messages in ${folder}`);
});

test('what is no message ends the reading', async () => {
  await assert.rejects(read(encode({ not: 'a message' }), 100), /no MessagePack-RPC/);
  await assert.rejects(read(Uint8Array.of(0xc1), 1));
});

test('pieces come before the answer, errors carry their code, cancel is sent', async (t) => {
  const daemon = await new FakeDaemon().listen();
  t.after(() => daemon.close());
  daemon.says(['one ', 'two']);
  const client = await RpcClient.connect(daemon.socket);
  const seen: string[] = [];
  const answer = await client.call<{ branches: { text: string }[] }>('complete', {}, (chunk) => seen.push(chunk.text as string)).answer;
  assert.deepEqual(seen, ['one ', 'two']);
  assert.equal(answer.branches[0]?.text, 'one two');
  await assert.rejects(client.call('nothing', {}).answer, (error: RpcError) => error.code === 'not_found');

  daemon.answers['complete'] = () => undefined;
  const call = client.call('complete', {});
  client.cancel(call.id);
  await until('the cancel', () => daemon.cancelled.includes(call.id));
  let reason = '';
  client.onClosed = (why) => (reason = why);
  daemon.hangUp();
  await assert.rejects(call.answer, (error: RpcError) => error.code === 'unavailable');
  assert.notEqual(reason, '');
  assert.ok(client.isClosed);
});
