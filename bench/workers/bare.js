// The limit: a worker that does nothing but answer what the edge answers for a hit in memory.

const body = new Uint8Array(1024).fill(97);
const headers = new Headers({
  "content-type": "text/plain",
  "cache-control": "public, max-age=3600",
  etag: '"one-kibibyte"',
  date: "Sun, 22 Nov 2026 00:00:00 GMT",
});

export default {
  fetch() {
    const response = new Response(body, { status: 200, headers });
    response.headers.set("cache-status", "tidegate-l1; hit; ttl=3600");
    response.headers.set("age", "1");
    return response;
  },
};
