// Express: caches the JSON that a handler answers with, once for all who ask at once.

import { type Cache, TidegateError } from "tidegate/client";

/** What is needed of Express' own `Request`, `Response` and `NextFunction`. */
interface ExpressRequest {
  readonly path: string;
}
interface ExpressResponse {
  set(name: string, value: string): ExpressResponse;
  status(code: number): ExpressResponse;
  json(body: unknown): void;
  end(): void;
}
type Next = (error?: unknown) => void;

/** `load` gets the request and answers what is sent; an overloaded source is a 503 that says when to come again. */
export const cachedJson =
  (cache: Cache, load: (request: ExpressRequest, signal: AbortSignal) => Promise<unknown>) =>
  async (request: ExpressRequest, response: ExpressResponse, next: Next): Promise<void> => {
    try {
      const key = `json${request.path}`;
      const { value, age } = await cache.read(key, ({ signal }) => load(request, signal));
      response.set("age", String(Math.floor(age / 1000))).json(value);
    } catch (error) {
      if (error instanceof TidegateError && error.code === "overloaded")
        response.set("retry-after", "2").status(503).end();
      else next(error);
    }
  };
