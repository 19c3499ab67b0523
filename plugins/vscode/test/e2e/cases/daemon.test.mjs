// A daemon that dies, and one that is not installed.
import { test } from 'node:test';

import { Rpc } from '../rpc.mjs';
import { until, VsCode } from '../vscode.mjs';

const OPENING = 'He had never been so tired, and';

test('a killed daemon is started again, and two windows use one', async (t) => {
  const code = await VsCode.start();
  t.after(() => code.close());
  const window = await code.open('story.md');
  await window.type(OPENING);
  await window.waitGhost();
  let rpc = await Rpc.connect(code.socket);
  const { pid } = await rpc.call('status');
  rpc.close();
  process.kill(pid, 'SIGKILL');
  await until('another daemon', async () => {
    rpc = await Rpc.connect(code.socket).catch(() => undefined);
    const status = await rpc?.call('status').catch(() => undefined);
    return status?.state === 'ready' && status.pid !== pid;
  });
  await window.type(' then');
  const text = await rpc.says(`${OPENING} then`);
  await window.waitGhost(text);
  await window.press('Tab');
  await window.saved(`${OPENING} then${text}`);
  const second = await code.open('story.md');
  await second.type(OPENING);
  await second.waitGhost();
  await until('three connections', async () => (await rpc.call('status')).clients === 3);
  rpc.close();
});

test('a missing daemon is said once, with what to do; typing goes on, and it comes once it is there', async (t) => {
  const code = await VsCode.start({ machine: { 'understory.command': '/nowhere/understory' } });
  t.after(() => code.close());
  const window = await code.open('story.md');
  await window.type(OPENING);
  await window.page.locator('.notification-list-item', { hasText: "'understory' was not found" }).waitFor();
  await until('the status item to say so', async () => (await window.statusText()).includes('no daemon'));
  await window.saved(OPENING);
  if (process.env.UNDERSTORY_PICTURES) await window.picture(`${process.env.UNDERSTORY_PICTURES}/missing.png`);
  code.settings('Machine', { 'understory.model': process.env.UNDERSTORY_MODEL, 'understory.command': process.env.UNDERSTORY_BIN });
  code.understory('start', '--socket', code.socket, '--model', process.env.UNDERSTORY_MODEL);
  await window.command('Understory: Restart Daemon');
  await window.page.click('.part.editor .view-lines');
  await window.press('Control+End');
  await window.type(' he');
  await window.waitGhost();
});
