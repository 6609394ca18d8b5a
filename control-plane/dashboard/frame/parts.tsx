// Small parts that pages are put together from.

import type { Child } from "hono/jsx";
import type { Problem } from "../../../client/schemas.ts";
import { selectorKind } from "../../../shared/core/selector.ts";
import type { Mood, Verdict } from "../overview/verdicts.ts";
import { dayTime } from "./format.ts";
import type { Asked } from "./inside.ts";

interface LiveProps {
  readonly id: string;
  /** Whether a screen reader says what has changed: only where somebody waits for it. */
  readonly told?: boolean;
  readonly children?: Child;
}

/** What the script replaces as it changes, by its id. */
export const Live = ({ id, told = false, children }: LiveProps) => (
  <div class="live" data-live={id} role={told ? "status" : undefined}>
    {children}
  </div>
);

/** A shape for each mood beside its colour: nobody has to tell colours apart. */
const SHAPES: Readonly<Record<Mood, string>> = {
  good: "M3 7.5 6 10.5 11 4",
  fair: "M7 3.5v4M7 10v.5",
  bad: "M4 4l6 6M10 4l-6 6",
  unknown: "M4 7h6",
};

export const MoodSign = ({ mood }: { readonly mood: Mood }) => (
  <svg class={`mood ${mood}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
    <circle cx="7" cy="7" r="7" />
    <path d={SHAPES[mood]} />
  </svg>
);

export const Answer = ({ verdict }: { readonly verdict: Verdict }) => (
  <p class="answer">
    <MoodSign mood={verdict.mood} /> <strong>{verdict.word}</strong> {verdict.why}
  </p>
);

interface QuestionProps {
  readonly id: string;
  readonly question: string;
  /** The answer in a sentence, and its figures. */
  readonly aside?: Child;
  readonly children?: Child;
}

export const Question = ({ id, question, aside, children }: QuestionProps) => (
  <section class="question" id={id} aria-labelledby={`${id}-question`}>
    <div class="asked">
      <h2 id={`${id}-question`}>{question}</h2>
      {aside}
    </div>
    <div class="evidence">{children}</div>
  </section>
);

export const Figures = ({ rows }: { readonly rows: readonly (readonly [string, Child])[] }) => (
  <dl class="figures">
    {rows.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

interface TableProps {
  readonly caption: string;
  /** Those that begin with `#` hold numbers. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Child[])[];
  readonly empty: string;
}

/** The first cell of a row names it. */
export function Table({ caption, columns, rows, empty }: TableProps) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  const isNumber = columns.map((column) => column.startsWith("#"));
  return (
    <section class="scroll" tabindex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th scope="col" class={isNumber[index] ? "number" : undefined}>
                {column.replace("#", "")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells]) => (
            <tr>
              <th scope="row">{name}</th>
              {cells.map((cell, index) => (
                <td class={isNumber[index + 1] ? "number" : undefined}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A part of a whole, as a bar that says what it shows. */
export function Bar({
  part,
  tone = 0,
  label,
}: {
  readonly part: number;
  readonly tone?: number;
  readonly label: string;
}) {
  const width = Math.max(0, Math.min(1, part)) * 100;
  return (
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="rail" width="100" height="6" />
      <rect class={`fill tone-${tone}`} width={Number(width.toFixed(2))} height="6" />
    </svg>
  );
}

export const When = ({ at }: { readonly at: string }) => <time datetime={at}>{dayTime(at)}</time>;

/** Long names are shown whole to whoever looks for the rest. */
export const Short = ({ text, most = 48 }: { readonly text: string; readonly most?: number }) =>
  text.length <= most ? (
    <span>{text}</span>
  ) : (
    <span title={text}>
      {text.slice(0, most - 1)}
      <span aria-hidden="true">…</span>
      <span class="unseen">{text.slice(most - 1)}</span>
    </span>
  );

/** In place of what could not be found out. */
export const Missing = ({ why }: { readonly why: string | null }) => <p class="empty">{why}</p>;

/** Shows what is known, or says why it is not. */
export function Known<T>({
  asked,
  why,
  show,
}: {
  readonly asked: Asked<T>;
  readonly why: string | null;
  readonly show: (value: T) => Child;
}) {
  return <>{asked.kind === "known" ? show(asked.value) : <Missing why={why} />}</>;
}

/** What was refused of a form, field by field. */
export const Faults = ({ problem }: { readonly problem: Problem | null }) => (
  <div class="banner bad" role="alert">
    <strong>{problem?.title ?? "It could not be done"}.</strong>
    {problem?.errors === undefined ? (
      ` ${problem?.detail ?? ""}`
    ) : (
      <ul>
        {problem.errors.map(({ pointer, message }) => (
          <li>
            <code>{pointer.slice(1) || "the form"}</code> {message}
          </li>
        ))}
      </ul>
    )}
  </div>
);

/** What is done as it was asked for, and may not be all that was meant. */
export const Warnings = ({ warnings }: { readonly warnings: Problem["errors"] }) =>
  warnings?.map(({ message }) => (
    <p class="answer warned">
      <MoodSign mood="fair" /> It {message}.
    </p>
  ));

interface SiteChoiceProps {
  readonly id: string;
  readonly sites: readonly string[];
  readonly chosen: string;
}

/** One site needs no choice; where they can't be told, the name is written. */
export function SiteChoice({ id, sites, chosen }: SiteChoiceProps) {
  if (sites.length === 1) return <input type="hidden" name="site" value={sites[0] ?? chosen} />;
  return (
    <div>
      <label for={id}>Site</label>
      {sites.length === 0 ? (
        <input id={id} name="site" type="text" value={chosen} required />
      ) : (
        <select id={id} name="site">
          {sites.map((site) => (
            <option value={site} selected={site === chosen}>
              {site}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

/** As the log holds it: site, a letter for its kind, and what it names. */
export function Selector({ text }: { readonly text: string }) {
  const [site = "", , ...value] = text.split(" ");
  const kind = selectorKind(text) ?? "everything";
  return (
    <>
      <span class="muted">{kind}</span> <code>{kind === "everything" ? site : value.join(" ")}</code>
    </>
  );
}
