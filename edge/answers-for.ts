// Whether a stored answer is one to a request that was led to it by its key.

import { searchVariance } from "../shared/core/no-vary-search.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { variesFor } from "../shared/core/vary.ts";
import type { EdgeRequest } from "./request.ts";
import { type Route, sameText } from "./router.ts";

/** By the fields that it varies by, and by what it says itself of its query. */
export const answersFor = (
  answer: StoredAnswer,
  { route, request }: { readonly route: Route; readonly request: EdgeRequest },
): boolean => variesFor(answer.vary, (name) => request.header(name)) && saysSoOfItsQuery(answer, route);

/** What one answer says of its query holds for no other one of the same path that says something else, or nothing. */
export const saysSoOfItsQuery = (answer: StoredAnswer, { reducedBy }: Route): boolean =>
  reducedBy === null || sameText(searchVariance(answer.headers), reducedBy);
