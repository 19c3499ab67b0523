// Where a word, a sentence and a line of a suggestion end.

export type Unit = 'word' | 'sentence' | 'line';

const TITLE = '(?<!(?<![\\p{L}\\p{N}_])(?:Mr|Mrs|Ms|Dr|St|Mme|Mlle|Prof|Capt|Col|Gen|Rev))';
const CLOSING = '["\'”’)\\]»*_]*';
const SENTENCE = new RegExp(
  `^\\s*[^]+?(?:${TITLE}[.!?…]+${CLOSING}(?=\\s|$)|[。！？]+[」』”’]*)`, 'u');
const LINE = /^\n*[^\n]*/;

/** The first such unit of the text, with the white space before it. */
export function piece(text: string, unit: Unit): string {
  if (unit === 'word') {
    return word(text);
  }
  const sentence = unit === 'sentence' ? SENTENCE.exec(text) : null;
  return sentence ? sentence[0] : (LINE.exec(text)?.[0] ?? text);
}

// Scripts without spaces between words: a character is a word there.
const IDEOGRAPH = /^[\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/u;

function word(text: string): string {
  const space = /^\s*/.exec(text)?.[0] ?? '';
  const run = /^\S+/.exec(text.slice(space.length))?.[0] ?? '';
  let taken = '';
  for (const character of run) {
    if (IDEOGRAPH.test(character)) {
      taken = taken || character;
      break;
    }
    taken += character;
  }
  return space + taken;
}
