// A real OpenID provider on loopback: it prints its address and an id token that a scripted person signed in for, then
// serves its keys until its input ends.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const audience = "sts.amazonaws.com";
const callback = "http://127.0.0.1:9/callback";
const server = createServer((request, response) => handle(request, response));
let handle = () => {};
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: audience, client_secret: "a-secret", redirect_uris: [callback], response_types: ["code"], grant_types: ["authorization_code"] }],
  pkce: { required: () => false },
  cookies: { keys: ["a key of this test"] },
  claims: { openid: ["sub", "amr"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
handle = provider.callback();

// A browser as far as this takes one: cookies, redirects, forms.
const cookies = new Map();
async function go(url, form) {
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  const sent = form ? { method: "POST", body: new URLSearchParams(form) } : {};
  const answer = await fetch(url, { redirect: "manual", headers, ...sent });
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
    if (value) cookies.set(name, value); else cookies.delete(name);
  }
  const next = answer.headers.get("location");
  return { page: await answer.text(), next: next && new URL(next, url).href, url };
}

async function signIn(subject) {
  const asked = new URLSearchParams({ client_id: audience, response_type: "code", scope: "openid", redirect_uri: callback });
  let at = await go(`${issuer}/auth?${asked}`);
  for (let steps = 0; steps < 20; steps += 1) {
    if (at.next?.startsWith(callback)) break;
    if (at.next) { at = await go(at.next); continue; }
    const login = at.page.includes('value="login"');
    const action = at.page.match(/action="([^"]+)"/)[1];
    at = await go(new URL(action, at.url).href, login ? { prompt: "login", login: subject, password: "any" } : { prompt: "consent" });
  }
  const code = new URL(at.next).searchParams.get("code");
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${audience}:a-secret`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: callback }),
  });
  return (await answer.json()).id_token;
}

console.log(JSON.stringify({ issuer, token: await signIn("ann") }));
process.stdin.on("end", () => process.exit(0)).resume();
