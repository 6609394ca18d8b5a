// Which colour of the look a class has.

const TONES: Readonly<Record<string, number>> = { hot: 1, standard: 0, immutable: 3, session: 2 };

/** The same class has the same colour wherever it is shown. */
export const toneOf = (name: string): number => TONES[name] ?? 5;
