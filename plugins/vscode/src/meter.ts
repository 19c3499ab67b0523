// The last so many values of a measurement.

const KEPT = 1000;

export class Meter {
  private readonly values: number[] = [];
  private next = 0;

  add(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % KEPT;
  }

  get count(): number {
    return this.values.length;
  }

  /** 0.5 is the median; 0 where nothing was measured. */
  quantile(q: number): number {
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? 0;
  }
}
