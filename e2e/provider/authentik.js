// The token endpoint as authentik's is: whom it lets in, as which user, and what stands in the token.

import { randomBytes } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';

const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

// An answer by RFC 6749 §5.2; authentik's status is 400 for all of them.
class Refused extends Error {
  constructor(error, description) {
    super(description);
    this.error = error;
  }
}

export class Authentik {
  // Reads the key sets of the platforms, as a task of authentik's does from time to time.
  static async start(settings, issuer) {
    const sets = await Promise.all((settings.sources ?? []).map((address) => fetch(address)));
    const keys = (await Promise.all(sets.map((set) => set.json()))).flatMap((set) => set.keys);
    return new Authentik(settings, issuer, keys);
  }

  constructor(settings, issuer, keys) {
    this.settings = settings;
    this.issuer = issuer;
    this.keys = keys;
    this.refreshTokens = new Map();
  }

  async token(form, headers, faults) {
    try {
      return { status: 200, body: await this.granted(form, headers, faults) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { status: 400, body: { error: error.error, error_description: error.message } };
    }
  }

  async granted(form, headers, faults) {
    const [clientId, clientSecret] = client(form, headers);
    if (clientId !== this.settings.client_id) {
      throw new Refused('invalid_client', 'Client authentication failed');
    }
    const user = await this.user(form, clientSecret);
    const token = await this.sign(this.claims(user, form.get('scope') ?? ''), faults);
    const refresh = this.refreshToken(user, form);
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: this.settings.lifetime ?? 600,
      scope: form.get('scope') ?? '',
      id_token: token,
      ...refresh && { refresh_token: refresh },
    };
  }

  // Who asks. The grant with a password is the one with client credentials under another name.
  async user(form, clientSecret) {
    switch (form.get('grant_type')) {
      case 'client_credentials':
      case 'password':
        if (form.get('client_assertion_type')) {
          if (form.get('client_assertion_type') !== BEARER) throw new Refused('invalid_grant', 'unknown assertion type');
          return this.userOfJwt(form.get('client_assertion') ?? form.get('client_secret'));
        }
        return this.userOfPassword(form.get('username'), form.get('password'));
      case JWT_GRANT:
        return this.userOfJwt(form.get('assertion'));
      case 'refresh_token':
        // The client's secret is asked for here, and with a JWT it is not.
        if (this.settings.client_secret && clientSecret !== this.settings.client_secret) {
          throw new Refused('invalid_client', 'Client authentication failed');
        }
        return this.userOfRefreshToken(form.get('refresh_token'));
      default:
        throw new Refused('unsupported_grant_type', 'The authorization grant type is not supported');
    }
  }

  // A platform's JWT: its signature is checked by a key of that id, and its end if it has one.
  // Neither `aud` nor `iss` is looked at, and the user's name is made from `sub` alone.
  async userOfJwt(jwt) {
    try {
      const { kid, alg } = decodeProtectedHeader(jwt);
      const jwk = this.keys.find((key) => key.kid === kid);
      const { payload } = await compactVerify(jwt, await importJWK(jwk, alg));
      const claims = JSON.parse(Buffer.from(payload).toString('utf8'));
      if (claims.exp !== undefined && claims.exp <= Date.now() / 1000) throw new Error('expired');
      return `${this.settings.name}-${claims.sub}`.slice(0, 150);
    } catch {
      throw invalidGrant();
    }
  }

  // A person's app password; a user that is not active has none.
  userOfPassword(name, password) {
    const user = this.settings.users?.[name];
    if (!user || user.active === false || user.password !== password) throw invalidGrant();
    return name;
  }

  userOfRefreshToken(token) {
    const user = this.refreshTokens.get(token);
    if (!user || this.settings.users?.[user]?.active === false) throw invalidGrant();
    if (this.settings.refresh === 'rotate') this.refreshTokens.delete(token);
    return user;
  }

  // One that rotates is given out at each use, in place of the one that was used.
  refreshToken(user, form) {
    const first = form.get('grant_type') !== 'refresh_token';
    if (!this.settings.refresh || (!first && this.settings.refresh === 'keep')) return undefined;
    const token = randomBytes(24).toString('base64url');
    this.refreshTokens.set(token, user);
    return token;
  }

  claims(user, scope) {
    const now = Math.floor(Date.now() / 1000);
    const groups = Object.entries(this.settings.groups ?? {})
      .filter(([, members]) => members.includes(user))
      .map(([group]) => group);
    return {
      iss: this.issuer,
      sub: user,
      aud: this.settings.client_id,
      exp: now + (this.settings.lifetime ?? 600),
      iat: now,
      auth_time: now,
      acr: 'goauthentik.io/providers/oauth2/default',
      access: access(scope, groups),
      groups,
      preferred_username: user,
      azp: this.settings.client_id,
      uid: randomBytes(20).toString('base64url'),
    };
  }

  async sign(claims, faults) {
    const { provider, kid } = this.signer;
    faults.spoil(claims);
    const foreign = await faults.signedOtherwise(claims, kid);
    if (foreign) return foreign;
    const token = new provider.ClientCredentials({
      client: await provider.Client.find(this.settings.client_id),
      expiresIn: this.settings.lifetime ?? 600,
      resourceServer: new provider.ResourceServer(this.settings.client_id, {
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256', kid } },
      }),
    });
    token.authentik = { header: { typ: 'JWT' }, payload: claims };
    return token.save();
  }
}

function invalidGrant() {
  return new Refused('invalid_grant', 'The provided authorization grant is invalid, expired or revoked');
}

// The client's id and secret, from the form or from Basic authentication.
function client(form, headers) {
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '');
  if (!basic) return [form.get('client_id'), form.get('client_secret')];
  const [id, ...secret] = Buffer.from(basic[1], 'base64').toString('utf8').split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret.join(':'))];
}

// The scope mapping that people use with registries. Docker's scopes are none of authentik's own, so it
// reads them from the request; members get what they asked, and others `pull` on whatever they asked.
function access(scope, groups) {
  const member = groups.includes('acl_docker_push');
  return scope.split(' ').flatMap((item) => {
    const parts = /^([^:]+):(.+):([^:]+)$/.exec(item);
    if (!parts) return [];
    const [, type, name, actions] = parts;
    return [{ type, name, actions: member ? actions.split(',') : ['pull'] }];
  });
}
