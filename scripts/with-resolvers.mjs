// Stands in for `Promise.withResolvers` in the package: Node 20 lacks it, and where it is there it is what has to be used
// (docs/adr/0025-promises-that-know-their-request.md). No global is touched.

const native = Reflect.get(Promise, "withResolvers");

function made() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

export const withResolvers = native === undefined ? made : () => Reflect.apply(native, Promise, []);
