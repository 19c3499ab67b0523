// Makes understory-VERSION.vsix: the bundle, what package.json names, and nothing else. Needs no network.
//   node scripts/package.mjs [FILE]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

import { zip } from './zip.mjs';

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const out = process.argv[2] ?? `understory-${manifest.version}.vsix`;

const build = spawnSync(process.execPath, ['scripts/build.mjs', '--production'], { stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

/** Names of the files below a folder. */
function below(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? below(path.join(folder, entry.name)) : [path.join(folder, entry.name)]));
}

const shipped = ['README.md', 'CHANGELOG.md', 'dist/extension.js', 'dist/branches.js', ...below('media')];
const missing = shipped.filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error(`not there: ${missing.join(', ')}`);

const { scripts, devDependencies, dependencies, private: _, ...published } = manifest;
const asset = (type, file) => `<Asset Type="Microsoft.VisualStudio.${type}" Path="extension/${file}" Addressable="true"/>`;
const vsixManifest = `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${manifest.name}" Version="${manifest.version}" Publisher="${manifest.publisher}"/>
    <DisplayName>${escape(manifest.displayName)}</DisplayName>
    <Description xml:space="preserve">${escape(manifest.description)}</Description>
    <Tags>${escape(manifest.keywords.join(','))}</Tags>
    <Categories>${escape(manifest.categories.join(','))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${escape(manifest.engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionDependencies" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionPack" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="${manifest.extensionKind.join(',')}"/>
      <Property Id="Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown" Value="true"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/${manifest.icon}</Icon>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    ${asset('Code.Manifest', 'package.json')}
    ${asset('Services.Content.Details', 'README.md')}
    ${asset('Services.Content.Changelog', 'CHANGELOG.md')}
    ${asset('Services.Content.License', 'LICENSE.txt')}
    ${asset('Services.Icons.Default', manifest.icon)}
  </Assets>
</PackageManifest>
`;
const types = { json: 'application/json', md: 'text/markdown', txt: 'text/plain', js: 'application/javascript',
  css: 'text/css', svg: 'image/svg+xml', png: 'image/png', vsixmanifest: 'text/xml' };
const contentTypes = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${Object.entries(types)
  .map(([extension, type]) => `<Default Extension=".${extension}" ContentType="${type}"/>`).join('')}</Types>
`;

writeFileSync(out, zip([
  ['extension.vsixmanifest', Buffer.from(vsixManifest)],
  ['[Content_Types].xml', Buffer.from(contentTypes)],
  ['extension/package.json', Buffer.from(JSON.stringify(published, null, 2))],
  ['extension/LICENSE.txt', readFileSync('../../LICENSE')],
  ...shipped.map((file) => [`extension/${file}`, readFileSync(file)]),
]));
console.log(`${out}: ${readFileSync(out).length} bytes`);
