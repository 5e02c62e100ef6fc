// An OpenID Connect provider for tests: npm's oidc-provider, with its own pages for signing in. Prints its issuer.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[2]}/package.json`); // the folder with node_modules
const { default: Provider } = await import(require.resolve('oidc-provider'));

const server = createServer((request, response) => callback(request, response));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const redirects = JSON.parse(process.argv[3]);
const client = { redirect_uris: redirects, grant_types: ['authorization_code'], response_types: ['code'] };
const provider = new Provider(issuer, {
  clients: [
    { client_id: 'tracker', client_secret: 'a:secret/with+letters', ...client },
    { client_id: 'open', token_endpoint_auth_method: 'none', ...client },
  ],
  // Any name signs in, with any password, and has the e-mail address that it names, verified or not.
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: 'ann@example.org', email_verified: true, name: id }),
  }),
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
});
const callback = provider.callback();
console.log(issuer);
