// What can go wrong at a provider, one thing at a time: `POST /fault?mode=…` on the control port.

import { CompactSign, generateKeyPair, UnsecuredJWT } from 'jose';

// In place of an answer. `slow` keeps the connection open and says nothing.
const ANSWERS = {
  // Nothing listens then: server.js sees to it.
  down: () => {},
  slow: () => {},
  closed: (request) => { request.socket.destroy(); },
  html: (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
  },
  401: (_request, response) => json(response, 401, { error: 'invalid_client', error_description: 'Client authentication failed' }),
  429: (_request, response) => json(response, 429, { error: 'slow_down' }, { 'retry-after': '7' }),
  500: (_request, response) => { response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Server Error</h1>'); },
  // More than anybody should read.
  huge: (_request, response) => json(response, 200, { access_token: 'a'.repeat(8 << 20) }),
};

// What is wrong with a token.
const CLAIMS = {
  'wrong-aud': (claims) => { claims.aud = 'somebody-else'; },
  'more-access': (claims) => {
    for (const item of claims.access) item.actions = ['pull', 'push', 'delete'];
    claims.access.push({ type: 'registry', name: 'catalog', actions: ['*'] });
  },
  expired: (claims) => {
    claims.iat -= 7200;
    claims.auth_time -= 7200;
    claims.exp = claims.iat + 600;
  },
};

// How it is signed: not at all, by a key that nobody published, or by such a key under a published id.
const SIGNATURES = ['unsigned', 'foreign-key', 'foreign-key-known-id'];

export class Faults {
  #mode = 'none';

  #at = 'token';

  // `at`: `token`, or `keys` for discovery and the key set, where only answers can be wrong.
  set(mode, at) {
    const known = mode === 'none' || mode in ANSWERS || mode in CLAIMS || SIGNATURES.includes(mode);
    if (!known) throw new Error(`no fault ${mode}`);
    this.#mode = mode;
    this.#at = at;
  }

  // Answers wrongly in place of the token endpoint, if it is to.
  instead(request, response) {
    return this.#at === 'token' && this.#answer(request, response);
  }

  // The same for discovery and the key set.
  insteadOfKeys(request, response) {
    return this.#at === 'keys' && this.#answer(request, response);
  }

  #answer(request, response) {
    const answer = ANSWERS[this.#mode];
    answer?.(request, response);
    return answer !== undefined;
  }

  spoil(claims) {
    CLAIMS[this.#mode]?.(claims);
  }

  // A token that the provider's own keys did not sign, if it is to be one.
  async signedOtherwise(claims, kid) {
    if (this.#mode === 'unsigned') return new UnsecuredJWT(claims).encode();
    if (!this.#mode.startsWith('foreign-key')) return undefined;
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const known = this.#mode === 'foreign-key-known-id';
    const header = { alg: 'RS256', typ: 'JWT', kid: known ? kid : '0123456789abcdef0123456789abcdef' };
    return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(privateKey);
  }
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
