// Stands in for `globalThis.__zod_globalConfig` in the package: what its zod goes by is not for a program's own.

export const ownZodConfig = {};
