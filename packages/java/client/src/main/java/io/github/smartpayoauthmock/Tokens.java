package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.time.Duration;
import java.util.Map;

/**
 * A token response.
 *
 * @param accessToken the access token
 * @param refreshToken the refresh token
 * @param tokenType {@code bearer}
 * @param scope the scopes, separated by spaces
 * @param expiresIn the remaining lifetime of the access token
 * @param refreshTokenExpiresIn the remaining lifetime of the refresh token
 */
public record Tokens(
    String accessToken,
    String refreshToken,
    String tokenType,
    String scope,
    Duration expiresIn,
    Duration refreshTokenExpiresIn) {

  static Tokens of(Map<String, Object> response) {
    return new Tokens(
        Json.text(response, "access_token"),
        Json.text(response, "refresh_token"),
        Json.text(response, "token_type"),
        Json.text(response, "scope"),
        Duration.ofSeconds(Json.number(response, "expires_in")),
        Duration.ofSeconds(Json.number(response, "refresh_token_expires_in")));
  }

  /** Returns the response without the tokens, which do not belong in logs. */
  @Override
  public String toString() {
    return "Tokens[scope=" + scope + ", expiresIn=" + expiresIn + "]";
  }
}
