// Node.js alone: no client, no library.
import { run } from "./runtime.mjs";

await run(async () => ({ statusCode: 200, body: "{}" }));
