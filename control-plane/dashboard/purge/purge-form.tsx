// The purge form, and the page that says what a purge would hit before it is made.

import type { DryRun, Problem } from "../../../client/schemas.ts";
import { count, plural } from "../frame/format.ts";
import { ConfirmForm, Kept, OrderForm } from "../frame/forms.tsx";
import { FormToken, type Frame, Page } from "../frame/page.tsx";
import { Faults, Selector, Table, Warnings } from "../frame/parts.tsx";
import { PURGE_KINDS, type PurgeFields, type PurgeKind, readPurgeFields } from "./purge-fields.ts";

interface FormProps {
  readonly frame: Frame;
  /** Those that there are; one needs no choice. */
  readonly sites: readonly string[];
  readonly fields?: PurgeFields;
}

export const PurgeForm = ({ frame, sites, fields = readPurgeFields(new Map()) }: FormProps) => (
  <OrderForm frame={frame} name="purge" label="Purge" sites={sites} site={fields.site}>
    <div>
      <label for="purge-kind">Purge by</label>
      <select id="purge-kind" name="kind">
        {(Object.keys(PURGE_KINDS) as PurgeKind[]).map((kind) => (
          <option value={kind} selected={kind === fields.kind}>
            {PURGE_KINDS[kind]}
          </option>
        ))}
      </select>
    </div>
    <div>
      <label for="purge-values">One a line</label>
      <textarea id="purge-values" name="values" rows={3} spellcheck={false}>
        {fields.values}
      </textarea>
    </div>
    <fieldset>
      <legend>Meanwhile</legend>
      <div class="inline-choices">
        <Mode fields={fields} mode="hard" text="nobody gets it" />
        <Mode fields={fields} mode="soft" text="stale may be served" />
      </div>
    </fieldset>
    <div>
      <label for="purge-reason">Reason, for the audit log</label>
      <input id="purge-reason" name="reason" type="text" maxlength={500} value={fields.reason} />
    </div>
    <div class="buttons">
      <button type="submit">See what it would hit</button>
    </div>
  </OrderForm>
);

const Mode = ({
  fields,
  mode,
  text,
}: {
  readonly fields: PurgeFields;
  readonly mode: "hard" | "soft";
  readonly text: string;
}) => (
  <label>
    <input type="radio" name="mode" value={mode} checked={fields.mode === mode} /> {text}
  </label>
);

interface RefusedProps extends FormProps {
  readonly fields: PurgeFields;
  readonly problem: Problem | null;
}

export const RefusedPurge = ({ frame, sites, fields, problem }: RefusedProps) => (
  <Page frame={frame} title="Purge">
    <section class="narrow" aria-labelledby="purge-title">
      <h1 id="purge-title">Purge</h1>
      <Faults problem={problem} />
      {fields.kind === "everything" ? (
        <EverythingForm frame={frame} fields={fields} />
      ) : (
        <PurgeForm frame={frame} sites={sites} fields={fields} />
      )}
    </section>
  </Page>
);

/** Typed once more: nobody purges all of a site by a slip of the hand. */
const EverythingForm = ({ frame, fields }: { readonly frame: Frame; readonly fields: PurgeFields }) => (
  <form class="form" method="post" action="/purge" aria-label="Purge everything">
    <FormToken frame={frame} />
    <Kept fields={{ ...fields, confirm: "" }} />
    <div>
      <label for="purge-confirm">
        To purge everything of the site, type its name: <code>{fields.site}</code>
      </label>
      <input id="purge-confirm" name="confirm" type="text" autocomplete="off" required />
    </div>
    <div class="buttons">
      <button type="submit">See what it would hit</button>
      <a class="button second" href="/#invalidations">
        Back
      </a>
    </div>
  </form>
);

interface ConfirmProps {
  readonly frame: Frame;
  readonly fields: PurgeFields;
  readonly dry: DryRun;
  /** Under which it is made once, however often the button is pressed. */
  readonly operation: string;
}

export function ConfirmPurge({ frame, fields, dry, operation }: ConfirmProps) {
  const { estimate, selectors, edges, warnings } = dry;
  return (
    <Page frame={frame} title="Confirm the purge">
      <section class="narrow" aria-labelledby="purge-title">
        <h1 id="purge-title">Purge this?</h1>
        <p class="answer">
          {fields.mode === "hard"
            ? "Nobody will be answered from it any more. "
            : "It will be stale at once. "}
          {edges.length === 0
            ? "Edges learn of it by pulling."
            : `It will be pushed to ${plural(edges.length, "edge")}.`}
        </p>
        <ul class="selectors" aria-label="What it names">
          {selectors.slice(0, SELECTORS_SHOWN).map((selector) => (
            <li>
              <Selector text={selector} />
            </li>
          ))}
          {selectors.length > SELECTORS_SHOWN ? (
            <li>and {count(selectors.length - SELECTORS_SHOWN)} more</li>
          ) : null}
        </ul>
        <Warnings warnings={warnings} />
        <Table
          caption={estimate.exact ? "What it would hit" : "What it would hit, as far as was counted"}
          columns={["Where", "#Answers", "#Between"]}
          empty="Nothing could be asked."
          rows={[
            ...estimate.memory.map((part) => hitRow(`memory of ${part.edge}`, part)),
            ...estimate.l2.map((part) => hitRow(`shard ${part.shard}`, part)),
          ]}
        />
        <p class="hint">
          What data centres' caches and clients hold can't be counted. Edges check those copies before they
          use them.
        </p>
        <ConfirmForm
          {...{ frame, fields, operation }}
          name="purge"
          label="Confirm the purge"
          button={
            <button type="submit" class="danger">
              Purge
            </button>
          }
          back="/#invalidations"
        />
      </section>
    </Page>
  );
}

const SELECTORS_SHOWN = 20;

type Part = DryRun["estimate"]["memory"][number] | DryRun["estimate"]["l2"][number];

function hitRow(where: string, { hits, unavailable }: Part) {
  if (hits === null) return [where, "unknown", unavailable ?? ""];
  return [where, count(hits.entries), hits.exact ? "exact" : `${count(hits.least)} and ${count(hits.most)}`];
}
