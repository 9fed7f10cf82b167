package io.github.smartpayoauthmock;

import java.util.Locale;

/** An endpoint of the server. */
public enum Endpoint {
  /** The token endpoint. */
  TOKEN,
  /** The authorize endpoint, with the consent page. */
  AUTHORIZE,
  /** The API that requires an access token, such as {@code /pts/v2/payments}. */
  RESOURCE,
  /** Introspection of tokens (RFC 7662). */
  INTROSPECT,
  /** Revocation of tokens (RFC 7009). */
  REVOKE,
  /** The public keys (JWKS). */
  JWKS,
  /** The metadata of the server (RFC 8414). */
  METADATA,
  /** Any of these; only in the conditions of a scenario. */
  ANY;

  /** Returns the value as the control API has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
