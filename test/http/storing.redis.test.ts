// What is stored, for how long and for whom: freshness, users, cookies, targeted control, request directives, Cache-Status.

import { CACHE_STATUS } from "./cases/cache-status.ts";
import { FRESHNESS } from "./cases/freshness.ts";
import { REQUESTS } from "./cases/requests.ts";
import { TARGETED } from "./cases/targeted.ts";
import { AUTHORIZATION, COOKIES } from "./cases/users.ts";
import { playAll } from "./run-cases.ts";

playAll({
  freshness: FRESHNESS,
  authorization: AUTHORIZATION,
  "set-cookie": COOKIES,
  "targeted control": TARGETED,
  "request directives": REQUESTS,
  "cache-status": CACHE_STATUS,
});
