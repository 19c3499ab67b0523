// The browser tests: packages the extension, sees to VS Code, and runs cases/*.test.mjs one after another.
//   node test/e2e/run.mjs [FILE-NAME-PART [TEST-NAME]]      exit status 77: skipped, and it says why
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

import { install } from './install.mjs';

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '../..'));
install();
mkdirSync('out', { recursive: true });
const packaged = spawnSync(process.execPath, ['scripts/package.mjs', 'out/e2e.vsix'], { stdio: 'inherit' });
if (packaged.status !== 0) process.exit(packaged.status ?? 1);
const [part = '', name] = process.argv.slice(2);
const files = readdirSync('test/e2e/cases').filter((name) => name.endsWith('.test.mjs') && name.includes(part));
let failed = false;
for (const file of files) {
  const run = spawnSync(process.execPath, ['--test', ...(name ? ['--test-name-pattern', name] : []), `test/e2e/cases/${file}`], { stdio: 'inherit' });
  failed ||= run.status !== 0;
}
process.exitCode = failed ? 1 : 0;
