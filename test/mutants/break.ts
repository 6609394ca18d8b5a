// Imported before a test: from then on the mutant that the environment names is what gets loaded.

import { mutate } from "../simulator/mutate.ts";
import { MUTANTS } from "./mutants.ts";

const { TIDEGATE_MUTANT: name } = process.env;
if (name !== undefined) mutate(name, MUTANTS);
