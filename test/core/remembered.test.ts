// What is remembered of a text: made once, for so many characters, and begun anew beyond them.

import { expect, test } from "vitest";
import { Remembered } from "../../shared/core/remembered.ts";

const counting = (limits: { characters: number; longest: number }) => {
  const made: string[] = [];
  const remembered = new Remembered<{ text: string } | null>(limits);
  const of = (text: string) =>
    remembered.of(text, (each) => {
      made.push(each);
      return each === "none" ? null : { text: each };
    });
  return { made, of };
};

test("the same text gives the same value, made once; that there is none is remembered too", () => {
  const { made, of } = counting({ characters: 100, longest: 100 });
  expect(of("a")).toBe(of("a"));
  expect(of("none")).toBe(null);
  expect(of("none")).toBe(null);
  expect(made).toEqual(["a", "none"]);
});

test("longer texts are made anew each time, and take no room", () => {
  const { made, of } = counting({ characters: 4, longest: 2 });
  of("ab");
  of("abc");
  of("abc");
  of("ab");
  expect(made).toEqual(["ab", "abc", "abc"]);
});

test("beyond its characters it begins anew, and never holds more", () => {
  const { made, of } = counting({ characters: 4, longest: 4 });
  of("ab");
  of("cd");
  of("ab");
  expect(made).toEqual(["ab", "cd"]);
  // One more would be six characters: only this one is held then.
  of("ef");
  of("ef");
  of("ab");
  expect(made).toEqual(["ab", "cd", "ef", "ab"]);
});
