import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';

import { Daemon, NOT_INSTALLED, Surroundings } from '../../src/daemon/daemon';
import { findProgram, startDaemon } from '../../src/daemon/program';
import { socketPath } from '../../src/daemon/socket_path';
import { FakeDaemon } from '../support/fake_daemon';
import { until } from '../support/until';

function around(fake: FakeDaemon, more: Partial<Surroundings> = {}): Surroundings {
  return {
    options: () => ({ socket: fake.socket, model: '', device: '' }), program: () => undefined,
    start: () => Promise.reject(new Error('not started')), log: () => undefined, ...more };
}

test('the socket is where the protocol says', () => {
  assert.equal(socketPath('', { XDG_RUNTIME_DIR: '/run/user/7' }), '/run/user/7/understory/understoryd.sock');
  assert.equal(socketPath('', {}), `/tmp/understory-${process.getuid?.()}/understoryd.sock`);
  assert.equal(socketPath('~/s', {}), path.join(os.homedir(), 's'));
});

test('the program is found by its path, its folder or in PATH', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'us-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const program = path.join(folder, 'understory');
  fs.writeFileSync(program, '#!/bin/sh\necho "understory: error: no model" >&2\nexit 1\n', { mode: 0o755 });
  assert.equal(findProgram(program, '/x', {}), program);
  assert.equal(findProgram(folder, '/x', {}), program);
  assert.equal(findProgram('', '/x', { PATH: `/nowhere:${folder}` }), program);
  assert.equal(findProgram('/nowhere/understory', '/x', { PATH: folder }), undefined);
});

test('what `understory start` says is the reason', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'us-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const program = path.join(folder, 'understory');
  fs.writeFileSync(program, '#!/bin/sh\necho "$@" > "$0.args"\necho "understory: error: no model" >&2\nexit 1\n', { mode: 0o755 });
  await assert.rejects(startDaemon(program, { socket: '/s', model: '/m', device: '1' }), /^Error: no model$/);
  assert.equal(fs.readFileSync(`${program}.args`, 'utf8'), 'start --socket /s --model /m --device 1\n');
});

test('one connection is made however many ask, and again after a loss', async (t) => {
  const fake = await new FakeDaemon().listen();
  t.after(() => fake.close());
  const daemon = new Daemon(around(fake));
  t.after(() => daemon.dispose());
  await Promise.all([daemon.connect(), daemon.connect(), daemon.connect()]);
  assert.equal(fake.of('hello').length, 1);
  assert.equal(daemon.contextTokens, 512);
  fake.hangUp();
  await until('a second connection', () => fake.of('hello').length === 2 && daemon.isReady);
});

test('a model that is loading is waited for', async (t) => {
  const fake = await new FakeDaemon().listen();
  t.after(() => fake.close());
  let loading = true;
  fake.answers['hello'] = (send, { id }) => {
    send([1, id, null, { ...fake.hello, state: loading ? 'loading' : 'ready' }]);
    if (loading) {
      loading = false;
      send([2, 'progress', [{ state: 'loading', progress: 0.5 }]]);
      send([2, 'progress', [{ state: 'ready', progress: 1 }]]);
    }
  };
  const states: string[] = [];
  const daemon = new Daemon(around(fake));
  t.after(() => daemon.dispose());
  daemon.onState = (state) => states.push(state);
  await daemon.connect();
  assert.deepEqual(states, ['connecting', 'loading', 'ready']);
});

test('a failure is told once, not tried again at once, and forgiven when a person asks', async (t) => {
  const fake = new FakeDaemon();
  t.after(() => fs.rmSync(fake.folder, { recursive: true, force: true }));
  let looked = 0;
  const told: string[] = [];
  const daemon = new Daemon(around(fake, { program: () => void (looked += 1) as undefined }));
  daemon.onFailure = (reason) => told.push(reason);
  await assert.rejects(daemon.connect(), new RegExp(NOT_INSTALLED));
  await assert.rejects(daemon.connect(), new RegExp(NOT_INSTALLED));
  assert.equal(looked, 1);
  await assert.rejects(daemon.connectAnew());
  assert.equal(looked, 2);
  assert.equal(told.length, 2);
  assert.equal(daemon.state, 'failed');
});

test('a daemon that is too old says what to do', async (t) => {
  const fake = await new FakeDaemon().listen();
  t.after(() => fake.close());
  fake.answers['hello'] = (send, { id }) => send([1, id, { code: 'unsupported', message: 'protocol 1 is too new' }, null]);
  const daemon = new Daemon(around(fake));
  await assert.rejects(daemon.connect(), /older than this extension .*update Understory/);
});
