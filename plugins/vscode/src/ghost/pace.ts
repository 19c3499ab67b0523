// How long to wait after a key before asking: longer on a slow machine, and longer for a writer
// who takes nothing.

const REJECTIONS_A_STEP = 5;
const MOST_STEPS = 3;

export class Pace {
  private latency = 0;
  private rejections = 0;

  /** Of one request: from asking to the first piece of text. */
  measured(ms: number): void {
    this.latency = this.latency === 0 ? ms : 0.7 * this.latency + 0.3 * ms;
  }

  get latencyMs(): number {
    return this.latency;
  }

  accepted(): void {
    this.rejections = 0;
  }

  rejected(): void {
    this.rejections += 1;
  }

  /** A machine that needs long is not asked at every pause between two words. Every five rejections
   * in a row double the wait, up to eight times. */
  delayMs(least: number, most: number): number {
    const steps = Math.min(Math.floor(this.rejections / REJECTIONS_A_STEP), MOST_STEPS);
    return Math.min(Math.max(least, 0.6 * this.latency) * 2 ** steps, most);
  }
}
