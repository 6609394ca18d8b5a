// The limit of a miss: a worker that does nothing but ask the origin.

export default {
  fetch: (request, { ORIGIN }) => ORIGIN.fetch(request),
};
