// The pictures of the README, from a real run:  node test/e2e/pictures.mjs
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

import { until, VsCode } from './vscode.mjs';

const MEDIA = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../media');
const VIEW = { viewport: { width: 1000, height: 480 } };
const TEXT = '# The Lighthouse\n\nNobody had been up the stairs since the autumn. Ann took the lamp from its hook, and';

const code = await VsCode.start({ user: { 'understory.params': { temperature: 0.7, seed: 11 }, 'understory.branches': 3,
  'understory.branchTokens': 50, 'workbench.activityBar.location': 'default', 'breadcrumbs.enabled': false } });
try {
  const window = await code.open('lighthouse.md', TEXT, VIEW);
  await window.press('Control+b');
  await window.type(' went');
  await window.waitGhost();
  await until('the suggestion to be whole', async () => (await window.ghost()).length > 100 || (await window.ghost()).includes('.'));
  await window.picture(path.join(MEDIA, 'ghost.png'));
  await window.press('Alt+Enter');
  const frame = await window.branches();
  await until('all branches', async () => {
    const busy = await frame.locator('article').evaluateAll((all) => all.map((one) => one.getAttribute('aria-busy')));
    return busy.length === 3 && busy.every((one) => one === 'false');
  });
  await frame.locator('article').first().focus();
  await window.press('Space');
  await frame.locator('article.kept').first().waitFor();
  await window.press('ArrowRight', 'Space');
  await until('two kept', async () => (await frame.locator('article.kept').count()) === 2);
  await window.picture(path.join(MEDIA, 'branches.png'));
  await window.press('ArrowRight', 'Enter');
  await window.command('Understory: Focus on Story Tree View');
  await until('the tree', async () => (await window.treeLines()).length >= 5);
  await window.page.locator('[id="workbench.view.extension.understory"] .monaco-list-row').nth(3).click();
  await window.page.locator('.tab', { hasText: 'Manuscript ↔' }).waitFor();
  await window.picture(path.join(MEDIA, 'tree.png'));
} finally {
  await code.close();
}
