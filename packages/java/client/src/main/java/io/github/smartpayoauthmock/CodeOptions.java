package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.util.List;
import java.util.Map;

/** What an authorization code is issued for. Immutable: each method returns a changed copy. */
public final class CodeOptions {
  static final CodeOptions DEFAULTS =
      new CodeOptions(
          Map.of("client_id", SmartpayMock.CLIENT_ID, "merchant_id", SmartpayMock.MERCHANT_ID));

  private final Map<String, Object> members;

  private CodeOptions(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Sets the client. Default: the client of the built-in fixtures.
   *
   * @param clientId the ID of a client
   * @return the changed options
   */
  public CodeOptions clientId(String clientId) {
    return with("client_id", clientId);
  }

  /**
   * Sets the merchant who consents. Default: the merchant of the built-in fixtures.
   *
   * @param merchantId the ID of a merchant
   * @return the changed options
   */
  public CodeOptions merchantId(String merchantId) {
    return with("merchant_id", merchantId);
  }

  /**
   * Sets the scopes. Default: all scopes of the client.
   *
   * @param scopes the scopes that the merchant consents to
   * @return the changed options
   */
  public CodeOptions scopes(String... scopes) {
    return with("scopes", List.of(scopes));
  }

  /**
   * Sets the redirect URL that the exchange of the code has to repeat. Default: none.
   *
   * @param redirectUrl one of the client's redirect URLs
   * @return the changed options
   */
  public CodeOptions redirectUrl(String redirectUrl) {
    return with("redirect_url", redirectUrl);
  }

  /**
   * Sets the code itself. Default: a random one.
   *
   * @param code the code
   * @return the changed options
   */
  public CodeOptions code(String code) {
    return with("code", code);
  }

  private CodeOptions with(String name, Object value) {
    return new CodeOptions(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }
}
