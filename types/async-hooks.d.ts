// What `node:async_hooks` has of a Worker with the flag `nodejs_als`.

declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined;
    run<R>(store: T, work: () => R): R;
  }
}
