// A position as messages state it.

import * as z from "zod";
import { parsePosition } from "../core/position.ts";

export const positionSchema = z.string().refine((text) => parsePosition(text) !== null, "must be a position");
