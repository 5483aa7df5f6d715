// A provider that behaves as authentik does, on loopback: `node server.js CONFIGURATION.json`.
//
// Discovery, key set and the signing of tokens are oidc-provider's own. What authentik's token
// endpoint does differently stands in authentik.js; what can go wrong, and is switched at run time,
// in faults.js. When it is ready it prints one line of JSON with `url` and `control`.
//
// The configuration:
//   port                       where it listens
//   client_id, client_secret   the application's provider; the secret is asked for on refresh only
//   name, slug                 of the provider and of its application
//   sources                    addresses of the key sets of CI platforms whose JWTs are taken
//   users                      { name: { password: an app password, active: false } }
//   groups                     { group: [names of users] }
//   lifetime                   of access tokens, in seconds
//   refresh                    "rotate" or "keep": refresh tokens are given out; nothing: they are not

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { Authentik } from './authentik.js';
import { Faults } from './faults.js';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const mount = `/application/o/${settings.slug}`;

// authentik names a key by a hash of its PEM text: 32 hexadecimal characters, no thumbprint.
async function newKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = createHash('md5').update(await exportPKCS8(privateKey)).digest('hex');
  return { ...await exportJWK(privateKey), alg: 'RS256', use: 'sig', kid };
}

// oidc-provider's keys are fixed when it is made: rotating makes another one.
function providerWith(keys, issuer) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: settings.client_id,
      client_secret: 'not asked for here',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    jwks: { keys },
    formats: {
      // The claims are authentik's whole list: no `jti`, no `client_id`, no `nbf`.
      customizers: { jwt: (_context, token, jwt) => Object.assign(jwt, token.authentik) },
    },
  });
  // There is one token endpoint for all of authentik's applications.
  provider.use(async (context, next) => {
    await next();
    if (context.oidc?.route === 'discovery') {
      context.body.token_endpoint = new URL('/application/o/token/', issuer).href;
      context.body.jwks_uri = new URL('jwks', issuer).href;
    }
  });
  return provider;
}

async function listen(port, handler) {
  const server = createServer((request, response) => {
    Promise.resolve(handler(request, response)).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  await new Promise((ready) => { server.listen(port, '127.0.0.1', ready); });
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const faults = new Faults();
const requests = [];
let keys = [await newKey()];
let provider;
let authentik;

const { server, url } = await listen(settings.port, async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/application/o/token/' && request.method === 'POST') {
    const body = await read(request);
    requests.push({ headers: request.headers, body, form: [...new URLSearchParams(body)] });
    if (faults.instead(request, response)) return;
    const answer = await authentik.token(new URLSearchParams(body), request.headers, faults);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(answer.body));
    return;
  }
  if (pathname.startsWith(`${mount}/`)) {
    if (faults.insteadOfKeys(request, response)) return;
    request.originalUrl = request.url;
    request.url = request.url.slice(mount.length);
    await provider.callback()(request, response);
    return;
  }
  response.writeHead(404).end();
});
const issuer = `${url}${mount}/`;
const renew = () => {
  provider = providerWith(keys, issuer);
  authentik.signer = { provider, kid: keys[0].kid };
};
authentik = await Authentik.start(settings, issuer);
renew();

// Nothing listens while it is down; it is up again when another fault, or none, is set.
async function fail(mode, at) {
  faults.set(mode, at);
  if (mode === 'down') {
    server.close();
    server.closeAllConnections();
  } else if (!server.listening) {
    await new Promise((ready) => { server.listen(settings.port, '127.0.0.1', ready); });
  }
}

const { url: control } = await listen(0, async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const answers = {
    'GET /requests': () => requests,
    'DELETE /requests': () => requests.splice(0),
    'POST /fault': () => fail(searchParams.get('mode'), searchParams.get('at') ?? 'token'),
    // As an administrator does it while the provider runs.
    'POST /deactivate': () => { settings.users[searchParams.get('user')].active = false; },
    'POST /leave': () => {
      const group = searchParams.get('group');
      settings.groups[group] = settings.groups[group].filter((member) => member !== searchParams.get('user'));
    },
    'POST /rotate': async () => {
      keys = [await newKey(), ...keys.slice(0, Number(searchParams.get('keep') ?? 1))];
      renew();
    },
  };
  const answer = answers[`${request.method} ${pathname}`];
  if (!answer) {
    response.writeHead(404).end();
    return;
  }
  const body = JSON.stringify(await answer() ?? {});
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body);
});

console.log(JSON.stringify({ url, issuer, token_url: `${url}/application/o/token/`, control }));
