package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Changes to the tokens of a successful response: of both, unless {@link #accessTokenOnly} or
 * {@link #refreshTokenOnly} is called. Immutable: each method returns a changed copy.
 */
public final class TokenChange {
  static final TokenChange NONE = new TokenChange(Map.of());

  private final Map<String, Object> members;

  private TokenChange(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Sets the lifetime.
   *
   * @param lifetime the lifetime; a negative one means that the token has expired already
   * @return these changes and this one
   */
  public TokenChange lifetime(Duration lifetime) {
    return with("lifetime", lifetime);
  }

  /**
   * Adds or replaces a claim.
   *
   * @param name the name of the claim
   * @param value its value in JSON: a text, a number, a boolean, a list or a map
   * @return these changes and this one
   */
  public TokenChange claim(String name, Object value) {
    return new TokenChange(Json.withEntry(members, "claims", name, value));
  }

  /**
   * Removes claims.
   *
   * @param names the names of the claims
   * @return these changes and this one
   */
  public TokenChange withoutClaims(String... names) {
    return with("drop", List.of(names));
  }

  /**
   * Signs with a key that is not among the published ones.
   *
   * @return these changes and this one
   */
  public TokenChange signedWithOtherKey() {
    return with("kid", "other");
  }

  /**
   * Makes the signature wrong.
   *
   * @return these changes and this one
   */
  public TokenChange invalidSignature() {
    return with("signature", "invalid");
  }

  /**
   * Leaves the signature out: {@code alg: none}.
   *
   * @return these changes and this one
   */
  public TokenChange unsigned() {
    return with("alg", "none");
  }

  /**
   * Changes the access token only.
   *
   * @return these changes and this one
   */
  public TokenChange accessTokenOnly() {
    return with("which", "access");
  }

  /**
   * Changes the refresh token only.
   *
   * @return these changes and this one
   */
  public TokenChange refreshTokenOnly() {
    return with("which", "refresh");
  }

  private TokenChange with(String name, Object value) {
    return new TokenChange(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }
}
