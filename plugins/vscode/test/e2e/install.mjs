// Puts code-server (a real VS Code), a Node for it and playwright-core into the cache, once for a lock
// file. Needs npm and, the first time, the network.
//   node test/e2e/install.mjs      exit status 77: it cannot be had here
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SKIPPED = 77;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/google-chrome'];

export function chromium() {
  return CHROMIUM.find(existsSync);
}

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(SKIPPED);
}

function npm(folder, ...args) {
  const run = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error',
    '--fetch-retries=1'], { cwd: folder, encoding: 'utf8', timeout: 600_000 });
  if (run.status !== 0) {
    skip(`npm ${args[0]} failed (is there a network?): ${(run.stderr || run.error?.message || '').trim().split('\n').pop()}`);
  }
}

/** The folder with node_modules in it. */
export function install() {
  if (process.arch !== 'x64' || process.platform !== 'linux') skip('the browser tests run on x86-64 Linux');
  if (!chromium()) skip('there is no browser: apt-get install chromium');
  const lock = readFileSync(path.join(HERE, 'package-lock.json'));
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'understory');
  const folder = path.join(cache, `vscode-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`);
  if (existsSync(path.join(folder, 'ready'))) return folder;

  console.log(`installing VS Code into ${folder}: about 250 MB to download, 800 MB on the disk`);
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(path.join(HERE, file), path.join(partial, file));
    npm(partial, 'ci');
    // Its own shrinkwrap names what VS Code needs.
    npm(path.join(partial, 'node_modules/code-server/lib/vscode'), 'install', '--omit=dev');
    writeFileSync(path.join(partial, 'ready'), '');
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(install());
