// Bundles test/unit or test/integration, with a stub in place of vscode, and runs it under node:test.
//   node scripts/test.mjs unit|integration [FILE-NAME-PART]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'));
const [kind = 'unit', part = ''] = process.argv.slice(2);
const sources = readdirSync(`test/${kind}`).filter((name) => name.endsWith('.test.ts') && name.includes(part));
if (sources.length === 0) throw new Error(`no test in test/${kind} has '${part}' in its name`);

// A folder of its own, so that two runs at a time do not meet.
const out = `out/${kind}-${process.pid}`;
mkdirSync(out, { recursive: true });
try {
  await esbuild.build({
    entryPoints: sources.map((name) => `test/${kind}/${name}`), outdir: out, bundle: true, platform: 'node',
    target: 'node18', format: 'cjs', sourcemap: 'inline', logLevel: 'warning', outExtension: { '.js': '.cjs' },
    alias: { vscode: './test/support/vscode.ts' },
  });
  const files = sources.map((name) => path.join(out, name.replace(/\.ts$/, '.cjs')));
  const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
