// Signs in at a real OpenID provider (node-oidc-provider, which is certified) and shows what the command gateway and the materializer make of its tokens, of forged
// tokens, and of a provider whose keys change or that is unavailable.
// Arguments: the gateway's URL, the materializer's URL, the provider's port. The provider does not run yet when this begins.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const [gateway, view, port] = process.argv.slice(2);
const ISSUER = `http://127.0.0.1:${port}`;
const AUDIENCE = "https://aerolog.example/commands";
const OTHER_AUDIENCE = "https://other.example";
// The gateway allows that clocks differ by so much.
const CLOCK_SKEW_SECONDS = 30;
// It asks for keys that it does not know once in 5 s.
const KEYS_SECONDS_MAX = 20;
const REQUEST_MS_MAX = 20_000;
const SHORT_SECONDS = 1;

const client = (client_id) => ({
  client_id,
  client_secret: `secret of ${client_id}`,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});

// Each client has the role that its name says; "guest" has none.
const CLIENTS = ["planner", "viewer", "guest", "short"];
const roleOf = (clientId) => ({ planner: ["planner"], viewer: ["viewer"], short: ["planner"] })[clientId] ?? [];

async function keyPair(kid) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { kid, publicKey, privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" } };
}

async function start(keys) {
  const provider = new Provider(ISSUER, {
    clients: CLIENTS.map(client),
    jwks: { keys: keys.map((key) => key.jwk) },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, audience) => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({ roles: roleOf(token.clientId) }),
    ttl: { ClientCredentials: (_context, _token, client) => (client.clientId === "short" ? SHORT_SECONDS : 600) },
  });
  const server = provider.listen(Number(port), "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function stop(server) {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

async function signIn(clientId, resource = AUDIENCE) {
  const answer = await fetch(`${ISSUER}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent(`secret of ${clientId}`)}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body.access_token;
}

async function send(token, rotation = `R-${randomUUID()}`) {
  const answer = await fetch(`${gateway}/commands`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({
      command_id: randomUUID(),
      aggregate_id: `rotation/${rotation}`,
      issued_by: "somebody else",
      payload: { CreateRotation: { mode: "draft" } },
    }),
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  });
  const text = await answer.text();
  for (const part of token?.split(".") ?? []) {
    assert.ok(part.length < 16 || !text.includes(part), "an answer holds a part of the token");
  }
  return { status: answer.status, text, challenge: answer.headers.get("www-authenticate") };
}

// A question to the materializer. A token that lets its bearer do nothing is refused by both services alike.
async function ask(token, path = "/rotations") {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${view}${path}`, { headers, signal: AbortSignal.timeout(REQUEST_MS_MAX) });
  return { status: answer.status, text: await answer.text() };
}

async function expectOfView(what, status, token, path) {
  const answer = await ask(token, path);
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  console.log(`${status}  ${what}`);
}

async function expect(what, status, token) {
  const answer = await send(token);
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  if (status === 401) {
    assert.match(answer.challenge ?? "", /^Bearer/, what);
    await expectOfView(`${what}, at the materializer`, 401, token);
  }
  console.log(`${status}  ${what}`);
  return answer;
}

// As expected at once or within `seconds`.
async function expectSoon(what, status, token, seconds, request = send) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await request(token);
    if (answer.status === status) return console.log(`${status}  ${what}`);
    assert.ok(Date.now() < end, `${what}: still ${answer.status} after ${seconds} s: ${answer.text}`);
    await sleep(500);
  }
}

// A token with all that the gateway asks for, but for what is changed.
function forged(changed = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: "planner", exp: now + 600, iat: now, roles: ["planner"], ...changed };
}

const signed = (key, claims) =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: key.kid, typ: "at+jwt" }).sign(key.privateKey);

const [first, second, strange] = await Promise.all(["first", "second", "first"].map(keyPair));

await expect("a sound token while the provider has not been there yet", 503, await signed(first, forged()));

let server = await start([first]);
await expectSoon("the same when it has come", 200, await signed(first, forged()), KEYS_SECONDS_MAX);
const planner = await signIn("planner");
const short = await signIn("short");
const shortEnds = Date.now() + (SHORT_SECONDS + CLOCK_SKEW_SECONDS + 2) * 1000;
const { text } = await expect("a planner's command", 200, planner);
const viewer = await signIn("viewer");
await expect("a viewer's command", 403, viewer);
await expect("a command of a client without a role", 403, await signIn("guest"));
const { command_id } = JSON.parse(text);
for (const [who, token, status] of [["a viewer", viewer, 200], ["a client without a token", undefined, 401]]) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${gateway}/commands/${command_id}`, { headers });
  assert.equal(answer.status, status, `${who} asks for an outcome: ${await answer.text()}`);
  console.log(`${status}  ${who} asks for an outcome`);
}

await expectSoon("a planner asks the materializer", 200, planner, KEYS_SECONDS_MAX, ask);
await expectOfView("a viewer asks the materializer", 200, viewer);
await expectOfView("a viewer asks for its position", 200, viewer, "/position");
await expectOfView("a client without a role asks the materializer", 403, await signIn("guest"));
await expectOfView("a client without a token asks which views there are", 401, undefined, "/views");
await expectOfView("a probe without a token", 200, undefined, "/health/ready");

await expect("no token", 401, undefined);
await expect("a token for another audience", 401, await signIn("planner", OTHER_AUDIENCE));
await expect("a token of another issuer", 401, await signed(first, forged({ iss: "https://other.example" })));
await expect("alg none", 401, new UnsecuredJWT(forged()).encode());
await expect("signed with another key of the same name", 401, await signed(strange, forged()));
const shared = new TextEncoder().encode(await exportSPKI(first.publicKey));
await expect(
  "the public key used as a shared secret",
  401,
  await new SignJWT(forged()).setProtectedHeader({ alg: "HS256", kid: first.kid }).sign(shared),
);
const [head, claims, signature] = planner.split(".");
const raised = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, "base64url")), sub: "chief" })).toString("base64url");
await expect("other claims under the provider's signature", 401, [head, raised, signature].join("."));
await expect("a token that is valid only later", 401, await signed(first, forged({ nbf: forged().iat + 120 })));

await sleep(Math.max(0, shortEnds - Date.now()));
await expect("a token that has run out", 401, short);

await stop(server);
await expect("a known key while the provider is away", 200, planner);
await expect("an unknown key while the provider is away", 401, await signed(second, forged()));
server = await start([second]);
const renewed = await signIn("planner");
await expectSoon("a planner of the provider with new keys", 200, renewed, KEYS_SECONDS_MAX);
await expectSoon("the same at the materializer", 200, renewed, KEYS_SECONDS_MAX, ask);
await expect("a token signed with the key that is no longer published", 401, planner);
await stop(server);
