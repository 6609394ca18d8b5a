// The promtool that checks figures and rules as Prometheus reads them.

import { ensureProgram } from "./ensure-program.ts";

/** The first one on PATH, installed if need be; throws an Error whose message is for the user. */
export const ensurePromtool = (): string =>
  ensureProgram({
    programs: ["promtool"],
    packages: {
      ...{ brew: "prometheus", "apt-get": "prometheus" },
      ...{ apk: "prometheus", dnf: "golang-github-prometheus" },
    },
    without: "redis",
  });
