// What was made of a text, remembered for the next time that the same text comes: within a bound, and then begun anew.

export interface RememberedLimits {
  /** Of all texts together. */
  readonly characters: number;
  /** A longer text is worked out anew each time. */
  readonly longest: number;
}

/** Only for what depends on its text alone, and is never changed: whoever asks next is given the same value. */
export class Remembered<T> {
  private readonly made = new Map<string, T>();
  private readonly limits: RememberedLimits;
  private characters = 0;

  constructor(limits: RememberedLimits) {
    this.limits = limits;
  }

  of(text: string, make: (text: string) => T): T {
    const there = this.made.get(text);
    if (there !== undefined) return there;
    const value = make(text);
    if (text.length > this.limits.longest) return value;
    if (this.characters + text.length > this.limits.characters) this.forget();
    this.characters += text.length;
    this.made.set(text, value);
    return value;
  }

  private forget(): void {
    this.made.clear();
    this.characters = 0;
  }
}
