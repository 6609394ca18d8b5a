// Operators: they purge until they are told that it stands, look at receipts, and release new configuration.

import { LIMITS } from "../../control-plane/config.ts";
import { readReceipt } from "../../control-plane/invalidate/await.ts";
import { invalidate } from "../../control-plane/invalidate/invalidate.ts";
import type { InvalidateBody } from "../../control-plane/invalidate/request.ts";
import type { InvalidationMode, LogPayload } from "../../shared/core/log-entry.ts";
import { type Position, parsePosition } from "../../shared/core/position.ts";
import type { SelectorSpec } from "../../shared/core/selector.ts";
import type { Chance } from "./chance.ts";
import type { ControlHost } from "./control-host.ts";
import type { Surroundings } from "./edge-host.ts";
import { SITE } from "./plan/work.ts";
import { TIME_ZERO } from "./time-zero.ts";

/** How long an operator waits for an answer, in milliseconds. */
const PATIENCE = 3000;

const NOTHING = { looks: [], accepted: () => undefined };

export class Operators {
  private readonly around: Surroundings;
  private readonly control: ControlHost;
  private readonly chance: Chance;
  private operations = 0;
  private retags = 0;

  constructor(around: Surroundings, control: ControlHost) {
    this.around = around;
    this.control = control;
    this.chance = around.chance.fork("operators");
  }

  /** The same operation again and again, until it is accepted; then its receipt, after each of those spans. */
  async purge(
    mode: InvalidationMode,
    specs: readonly SelectorSpec[],
    then: { looks: readonly number[]; accepted: (at: Position) => void } = NOTHING,
  ): Promise<void> {
    const id = this.operation();
    const body = bodyOf(mode, specs);
    const order = { body, operation: { id, requestDigest: id, actor: "operator", reason: null } };
    await this.untilDone(async () => {
      const outcome = await this.control.ask(PATIENCE, (plane, background) =>
        invalidate(plane, { ...order, pushing: { grace: LIMITS.pushGrace, background } }),
      );
      if (outcome?.kind !== "accepted") return false;
      this.around.history.acknowledged(id, this.around.time.now);
      this.control.say(`accepted ${id.slice(0, 8)} at ${outcome.position}`);
      const at = parsePosition(outcome.position);
      if (at !== null) then.accepted(at);
      return true;
    });
    for (const after of then.looks) this.around.time.after(after, () => void this.look(id));
  }

  /** The log moves, and nobody is told. */
  async append(payload: LogPayload): Promise<void> {
    const id = this.operation();
    const query = { operationId: id, requestDigest: id, payload, replicas: 0 };
    const record = { actor: "operator", action: "append", detail: "" };
    await this.untilDone(async () => {
      const outcome = await this.control.ask(PATIENCE, (plane) => plane.log.append({ ...query, ...record }));
      return outcome?.kind === "appended";
    });
  }

  /**
   * The tag is purged soon after, and what bears it only by the policy's word has to go as well; for good, though the
   * policy may not give it any more.
   */
  async retag(policyId: string, paths: readonly string[], back: boolean): Promise<void> {
    const { history, origin, time } = this.around;
    this.retags += 1;
    const tag = `late${this.retags}`;
    this.control.retag(policyId, { tag, to: "give" });
    while (!history.policyTags.some((one) => one.policyId === policyId && one.tag === tag))
      await time.pass(50);
    for (const path of paths) origin.write(path);
    await this.purge("hard", [{ kind: "tag", tag }]);
    if (back) this.control.retag(policyId, { tag, to: "take" });
  }

  private operation(): string {
    this.operations += 1;
    return this.chance.fork(`operation ${this.operations}`).token();
  }

  private async untilDone(attempt: () => Promise<boolean>): Promise<void> {
    const chance = this.chance.fork(`retries ${this.operations}`);
    while (!(await attempt())) await this.around.time.pass(chance.between(50, 300));
  }

  private async look(id: string): Promise<void> {
    const read = await this.control.ask(PATIENCE, (plane) => readReceipt(plane, id));
    if (read?.kind !== "receipt") return;
    const { history, time } = this.around;
    const { state, edges, position, acceptedAt } = read.receipt;
    const accepted = Date.parse(acceptedAt) - TIME_ZERO;
    const rows = edges.map(({ edge, state: its, afterMs }) => {
      return { edge, state: its, saidAt: afterMs === null ? null : accepted + afterMs };
    });
    const said = edges.map(({ edge, state: its }) => `${edge} ${its}`).join(", ");
    this.control.say(`receipt ${id.slice(0, 8)} ${state}: ${said}`);
    const at = parsePosition(position);
    if (at !== null) history.receipts.push({ at: time.now, operationId: id, position: at, state, rows });
  }
}

function bodyOf(mode: InvalidationMode, specs: readonly SelectorSpec[]): InvalidateBody {
  const body: { -readonly [Name in keyof InvalidateBody]: InvalidateBody[Name] } = { site: SITE, mode };
  for (const spec of specs)
    switch (spec.kind) {
      case "url":
        body.urls = [...(body.urls ?? []), `https://${spec.host}${spec.pathAndQuery}`];
        break;
      case "tag":
        body.tags = [...(body.tags ?? []), spec.tag];
        break;
      case "prefix":
        body.prefixes = [...(body.prefixes ?? []), spec.path];
        break;
      case "host":
        body.hosts = [...(body.hosts ?? []), spec.host];
        break;
      case "class":
        body.classes = [...(body.classes ?? []), spec.class];
        break;
      case "everything":
        Object.assign(body, { everything: true, confirm: SITE });
        break;
      case "group":
        throw new Error("groups are the origin's to invalidate");
    }
  return body;
}
