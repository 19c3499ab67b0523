// A suggestion where it was asked for, its alternatives, and what of them still fits what has been
// typed since. Knows no editor and no daemon.
import { Lines, Place } from '../text/window';

export interface Choice {
  /** From the anchor on. */
  text: string;
  /** No more of it comes; done without text: junk. */
  done: boolean;
}

export interface Rest {
  choice: Choice;
  /** What of the choice is not typed yet. */
  text: string;
}

/** More lines than a suggestion can have were put in. */
const MOST_LINES = 50;

export class Suggestion {
  choices: Choice[] = [];

  private readonly before: string;
  private readonly after: string;

  constructor(lines: Lines, private readonly anchor: Place) {
    const line = lines.lineAt(anchor.line).text;
    this.before = line.slice(0, anchor.character);
    this.after = line.slice(anchor.character);
  }

  add(text = ''): Choice {
    const choice = { text, done: false };
    this.choices.push(choice);
    return choice;
  }

  /** What was typed between the anchor and the cursor; undefined where something else happened. */
  typed(lines: Lines, cursor: Place): string | undefined {
    const { line, character } = this.anchor;
    if (cursor.line < line || cursor.line >= lines.lineCount || cursor.line - line > MOST_LINES) {
      return undefined;
    }
    const first = lines.lineAt(line).text;
    const last = lines.lineAt(cursor.line).text;
    if (!first.startsWith(this.before) || last.slice(cursor.character) !== this.after) {
      return undefined;
    } else if (cursor.line === line) {
      return cursor.character < character ? undefined : first.slice(character, cursor.character);
    }
    const typed = [first.slice(character)];
    for (let i = line + 1; i < cursor.line; ++i) {
      typed.push(lines.lineAt(i).text);
    }
    typed.push(last.slice(0, cursor.character));
    return typed.join('\n');
  }

  fits(typed: string): boolean {
    return this.choices.some((choice) => fits(choice, typed));
  }

  /** Those that can be shown, in their order. */
  rests(typed: string): Rest[] {
    return this.choices
      .filter((choice) => choice.text.startsWith(typed))
      .map((choice) => ({ choice, text: choice.text.slice(typed.length) }))
      .filter((rest) => /\S/.test(rest.text));
  }

  /** All of a suggestion has been typed or taken, and nothing else fits. */
  isUsedUp(typed: string): boolean {
    return this.choices.every((choice) => choice.done) && this.fits(typed) && this.rests(typed).length === 0;
  }

  /** Whether text may still come that fits. */
  isComing(typed: string): boolean {
    return this.choices.some((choice) => !choice.done && fits(choice, typed));
  }

  /** From now on the first one: what was taken came from it. */
  prefer(choice: Choice): void {
    this.choices = [choice, ...this.choices.filter((other) => other !== choice)];
  }
}

/** Text that is still coming may yet fit; what is over without any was junk. */
function fits(choice: Choice, typed: string): boolean {
  if (choice.text === '') {
    return !choice.done;
  }
  return choice.text.startsWith(typed) || (!choice.done && typed.startsWith(choice.text));
}
