// A cache worker as its platform's documentation teaches to write one: look in the data centre's cache, else ask and put.

export default {
  async fetch(request, { ORIGIN }, context) {
    const cache = caches.default;
    const held = await cache.match(request);
    if (held !== undefined) return held;
    const response = await ORIGIN.fetch(request);
    context.waitUntil(cache.put(request, response.clone()));
    return response;
  },
};
