// A lorebook as a writer writes it: paragraphs like "Ann, Annie: a sailor with red hair."
import { LorebookEntry } from '../rpc/messages';

export function parseLorebook(text: string): LorebookEntry[] {
  const entries: LorebookEntry[] = [];
  for (const paragraph of text.split('\n\n')) {
    const colon = paragraph.indexOf(':');
    const keys = paragraph.slice(0, Math.max(colon, 0)).split(',').map((key) => key.trim()).filter(Boolean);
    const said = paragraph.slice(colon + 1).trim();
    if (keys.length > 0 && said) {
      entries.push({ keys, text: said });
    }
  }
  return entries;
}
