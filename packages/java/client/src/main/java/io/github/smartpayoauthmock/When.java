package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.util.Map;

/**
 * The conditions under which a scenario matches a request: all of them must hold. In texts, {@code
 * *} stands for any characters. Immutable: each method returns a changed copy.
 */
public final class When {
  static final When TOKEN_REQUEST = new When(Map.of());

  private final Map<String, Object> members;

  private When(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Matches requests to an endpoint. Default: the token endpoint.
   *
   * @param endpoint the endpoint
   * @return the changed conditions
   */
  public When endpoint(Endpoint endpoint) {
    return with("endpoint", endpoint);
  }

  /**
   * Matches requests with an HTTP method.
   *
   * @param pattern the method
   * @return the changed conditions
   */
  public When method(String pattern) {
    return with("method", pattern);
  }

  /**
   * Matches requests by their path within the realm. The endpoint must fit: for the API, it is
   * {@link Endpoint#RESOURCE} or {@link Endpoint#ANY}.
   *
   * @param pattern the path, without the query
   * @return the changed conditions
   */
  public When path(String pattern) {
    return with("path", pattern);
  }

  /**
   * Matches requests of a client.
   *
   * @param pattern the ID of the client
   * @return the changed conditions
   */
  public When clientId(String pattern) {
    return with("client_id", pattern);
  }

  /**
   * Matches requests with a code or token of a merchant.
   *
   * @param pattern the ID of the merchant
   * @return the changed conditions
   */
  public When merchantId(String pattern) {
    return with("merchant_id", pattern);
  }

  /**
   * Matches requests with a grant type.
   *
   * @param pattern such as {@code refresh_token}
   * @return the changed conditions
   */
  public When grantType(String pattern) {
    return with("grant_type", pattern);
  }

  /**
   * Matches requests with a code.
   *
   * @param pattern the code
   * @return the changed conditions
   */
  public When code(String pattern) {
    return with("code", pattern);
  }

  /**
   * Matches requests with a refresh token.
   *
   * @param pattern the refresh token
   * @return the changed conditions
   */
  public When refreshToken(String pattern) {
    return with("refresh_token", pattern);
  }

  /**
   * Matches requests by their correlation ID.
   *
   * @param pattern the header {@code v-c-client-correlation-id}
   * @return the changed conditions
   */
  public When correlationId(String pattern) {
    return with("correlation_id", pattern);
  }

  /**
   * Matches requests with a header.
   *
   * @param name the name of the header, in any case
   * @param pattern its value
   * @return the changed conditions
   */
  public When header(String name, String pattern) {
    return new When(Json.withEntry(members, "header", name, pattern));
  }

  /**
   * Matches requests with a parameter, of the body or the query.
   *
   * @param name the name of the parameter
   * @param pattern its value
   * @return the changed conditions
   */
  public When param(String name, String pattern) {
    return new When(Json.withEntry(members, "param", name, pattern));
  }

  private When with(String name, Object value) {
    return new When(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }
}
