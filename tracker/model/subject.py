"""OidcSubject: who somebody is at an OpenID Connect provider."""

import msgspec


class OidcSubject(msgspec.Struct, frozen=True):
    """`subject` is the provider's own word for somebody, given to nobody else. `shown`: what people know it by, an
    e-mail address or a name; it proves nothing."""

    issuer: str
    subject: str
    shown: str
    name: str
