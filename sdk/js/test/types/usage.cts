// Compiled, not run: the types of the CommonJS build.
import sdk = require('@ai-aggregator/sdk');

export const client: sdk.AIAggregatorClient = new sdk.AIAggregatorClient();
export const models: sdk.APIPromise<sdk.ModelList> = client.models.list();
