// Offsets of the daemon are bytes of UTF-8, those of JavaScript UTF-16 units.

/** How many units the first `bytes` bytes of the text are. A place inside a character counts as its
 * beginning. */
export function unitsOf(text: string, bytes: number): number {
  const all = Buffer.from(text);
  let end = Math.min(bytes, all.length);
  while (end > 0 && end < all.length && ((all[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return all.toString('utf8', 0, end).length;
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

export interface Splice {
  offset: number;
  length: number;
  text: string;
}

/** The same with UTF-16 offsets into the text that it changes. */
export function inUnits(text: string, splice: Splice): Splice {
  const offset = unitsOf(text, splice.offset);
  return { offset, length: unitsOf(text.slice(offset), splice.length), text: splice.text };
}
