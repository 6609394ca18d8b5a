// The warm-up form, and the page that says what a warm-up would fetch before it begins.

import type { Problem, WarmupRehearsal } from "../../../client/schemas.ts";
import { count, NOTHING, plural, span } from "../frame/format.ts";
import { ConfirmForm, OrderForm } from "../frame/forms.tsx";
import { type Frame, Page } from "../frame/page.tsx";
import { Faults, Short, Table } from "../frame/parts.tsx";
import { readWarmFields, type WarmFields } from "./warm-fields.ts";

interface FormProps {
  readonly frame: Frame;
  readonly sites: readonly string[];
  readonly fields?: WarmFields;
}

export const WarmForm = ({ frame, sites, fields = readWarmFields(new Map()) }: FormProps) => (
  <OrderForm frame={frame} name="warm" label="Warm" sites={sites} site={fields.site}>
    <div>
      <label for="warm-urls">URLs or paths, one a line</label>
      <textarea id="warm-urls" name="urls" rows={3} spellcheck={false}>
        {fields.urls}
      </textarea>
    </div>
    <details open={fields.sitemap !== "" || fields.top !== "" || fields.rate !== ""}>
      <summary>Sitemap, hottest keys, rate</summary>
      <div class="form">
        <div>
          <label for="warm-sitemap">Sitemap</label>
          <input
            id="warm-sitemap"
            name="sitemap"
            type="text"
            placeholder="/sitemap.xml"
            value={fields.sitemap}
          />
        </div>
        <div>
          <label for="warm-top">How many of those asked for most</label>
          <input id="warm-top" name="top" type="text" inputmode="numeric" value={fields.top} />
        </div>
        <div>
          <label for="warm-rate">Requests a second to the origin, at most</label>
          <input
            id="warm-rate"
            name="rate"
            type="text"
            inputmode="decimal"
            placeholder="the site's budget"
            value={fields.rate}
          />
        </div>
      </div>
    </details>
    <div class="buttons">
      <button type="submit">See what it would fetch</button>
    </div>
  </OrderForm>
);

interface RefusedProps extends FormProps {
  readonly problem: Problem | null;
}

export const RefusedWarmup = ({ problem, ...form }: RefusedProps) => (
  <Page frame={form.frame} title="Warm">
    <section class="narrow" aria-labelledby="warm-title">
      <h1 id="warm-title">Warm</h1>
      <Faults problem={problem} />
      <WarmForm {...form} />
    </section>
  </Page>
);

interface ConfirmProps {
  readonly frame: Frame;
  readonly fields: WarmFields;
  readonly rehearsal: WarmupRehearsal;
  /** Under which it begins once, however often the button is pressed. */
  readonly operation: string;
}

export function ConfirmWarmup({ frame, fields, rehearsal, operation }: ConfirmProps) {
  const { total, complete, takesSeconds, ratePerSecond, edges, targets, failed } = rehearsal;
  return (
    <Page frame={frame} title="Confirm the warm-up">
      <section class="narrow" aria-labelledby="warm-title">
        <h1 id="warm-title">Warm this?</h1>
        <p class="answer">
          {complete ? "" : "At least "}
          {plural(total, "request")}, {count(ratePerSecond)} a second at most: {span(takesSeconds * 1000)} if
          nothing is held yet. Each costs the origin one, however many edges there are.
        </p>
        {failed === 0 ? null : <p class="note bad">{plural(failed, "entry", "entries")} can't be used.</p>}
        <Table
          caption="The first of them, and who holds them already"
          columns={["URL", ...edges.map(({ edge }) => edge)]}
          empty="There is nothing to fetch."
          rows={targets.map(({ url, held }) => [
            <Short text={url} />,
            ...edges.map(({ edge }) => held.find((one) => one.edge === edge)?.tier ?? NOTHING),
          ])}
        />
        <ConfirmForm
          {...{ frame, fields, operation }}
          name="warm"
          label="Confirm the warm-up"
          button={<button type="submit">Warm</button>}
          back="/#warmups"
        />
      </section>
    </Page>
  );
}
