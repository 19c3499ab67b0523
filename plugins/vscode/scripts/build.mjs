// Bundles the extension and the webview's script into dist/: no runtime dependencies outside it.
import * as esbuild from 'esbuild';

const production = process.argv.includes('--production');
const common = { bundle: true, minify: production, sourcemap: production ? false : 'linked', logLevel: 'warning' };
const builds = [
  { ...common, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', platform: 'node', target: 'node18',
    format: 'cjs', external: ['vscode'] },
  { ...common, entryPoints: ['src/branches/webview/main.ts'], outfile: 'dist/branches.js', platform: 'browser',
    target: 'es2022', format: 'iife' },
];

if (process.argv.includes('--watch')) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  await Promise.all(builds.map((build) => esbuild.build(build)));
}
