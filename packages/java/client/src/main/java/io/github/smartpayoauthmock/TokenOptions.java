package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.util.List;
import java.util.Map;

/** What tokens are issued for. Immutable: each method returns a changed copy. */
public final class TokenOptions {
  static final TokenOptions DEFAULTS =
      new TokenOptions(
          Map.of("client_id", SmartpayMock.CLIENT_ID, "merchant_id", SmartpayMock.MERCHANT_ID));

  private final Map<String, Object> members;

  private TokenOptions(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Sets the client. Default: the client of the built-in fixtures.
   *
   * @param clientId the ID of a client
   * @return the changed options
   */
  public TokenOptions clientId(String clientId) {
    return with("client_id", clientId);
  }

  /**
   * Sets the merchant. Default: the merchant of the built-in fixtures.
   *
   * @param merchantId the ID of a merchant
   * @return the changed options
   */
  public TokenOptions merchantId(String merchantId) {
    return with("merchant_id", merchantId);
  }

  /**
   * Sets the scopes. Default: all scopes of the client.
   *
   * @param scopes the scopes of the tokens
   * @return the changed options
   */
  public TokenOptions scopes(String... scopes) {
    return with("scopes", List.of(scopes));
  }

  private TokenOptions with(String name, Object value) {
    return new TokenOptions(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }
}
