// GET /api/v1/user/balance for Node.js: same authentication, rate limit, read and response.
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import jwt from "jsonwebtoken";
import { run } from "./runtime.mjs";

const { TABLE_NAME, TOKEN_KEYS, RATE_LIMIT_GROUP, AWS_ENDPOINT_URL_DYNAMODB } = process.env;
const keys = TOKEN_KEYS.split(",");
const [limit, seconds] = RATE_LIMIT_GROUP.split("/").map(Number);
const table = new DynamoDBClient({ endpoint: AWS_ENDPOINT_URL_DYNAMODB });

function reply(statusCode, body, requestId) {
  const meta = { timestamp: new Date().toISOString(), request_id: requestId };
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, meta }) };
}

function refuse(statusCode, code, message, requestId) {
  return reply(statusCode, { success: false, error: { code, message } }, requestId);
}

function caller(authorization) {
  const token = authorization?.replace(/^Bearer /i, "");
  for (const key of keys) {
    try {
      const claims = jwt.verify(token, key, { algorithms: ["HS256"], issuer: "easy-writer" });
      return claims.kind === "access" ? claims.sub : undefined;
    } catch {
      // Another key may have signed it.
    }
  }
}

await run(async (event) => {
  const { requestId } = event.requestContext;
  const user = caller(event.headers.authorization);
  if (!user) {
    return refuse(401, "TOKEN_INVALID", "Недействительный токен", requestId);
  }
  const now = Math.floor(Date.now() / 1000);
  const start = now - (now % seconds);
  const counted = await table.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: { pk: { S: `RATE#user#${user}#${start}` }, sk: { S: "WINDOW" } },
      UpdateExpression: "SET expires_at = :end ADD hits :one",
      ExpressionAttributeValues: { ":end": { N: String(start + seconds + 60) }, ":one": { N: "1" } },
      ReturnValues: "ALL_NEW",
    }),
  );
  if (Number(counted.Attributes.hits.N) > limit) {
    return refuse(429, "RATE_LIMITED", "Слишком много запросов", requestId);
  }
  const { Item: account } = await table.send(
    new GetItemCommand({
      TableName: TABLE_NAME,
      Key: { pk: { S: `ACCOUNT#${user}` }, sk: { S: "BALANCE" } },
      ConsistentRead: true,
    }),
  );
  const balance = Number(account?.available?.N ?? 0);
  const data = { balance, currency: "raits", currency_symbol: "Ꝑ", exchange_rate: 10 };
  return reply(200, { success: true, data }, requestId);
});
