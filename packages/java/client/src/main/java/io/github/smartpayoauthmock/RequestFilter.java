package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.Json;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Selects recorded requests: those that meet all conditions. In texts, {@code *} stands for any
 * characters. Immutable: each method returns a changed copy.
 */
public final class RequestFilter {
  static final RequestFilter ALL = new RequestFilter(Map.of());

  private final Map<String, Object> members;

  private RequestFilter(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Selects requests to an endpoint.
   *
   * @param endpoint the endpoint
   * @return the changed filter
   */
  public RequestFilter endpoint(Endpoint endpoint) {
    return with("endpoint", endpoint);
  }

  /**
   * Selects requests with an HTTP method.
   *
   * @param pattern the method
   * @return the changed filter
   */
  public RequestFilter method(String pattern) {
    return with("method", pattern);
  }

  /**
   * Selects requests by their path within the realm.
   *
   * @param pattern the path, without the query
   * @return the changed filter
   */
  public RequestFilter path(String pattern) {
    return with("path", pattern);
  }

  /**
   * Selects requests of a client.
   *
   * @param pattern the ID of the client
   * @return the changed filter
   */
  public RequestFilter clientId(String pattern) {
    return with("client_id", pattern);
  }

  /**
   * Selects requests with a code or token of a merchant.
   *
   * @param pattern the ID of the merchant
   * @return the changed filter
   */
  public RequestFilter merchantId(String pattern) {
    return with("merchant_id", pattern);
  }

  /**
   * Selects requests with a grant type.
   *
   * @param pattern such as {@code refresh_token}
   * @return the changed filter
   */
  public RequestFilter grantType(String pattern) {
    return with("grant_type", pattern);
  }

  /**
   * Selects requests by their correlation ID.
   *
   * @param pattern the header {@code v-c-client-correlation-id}
   * @return the changed filter
   */
  public RequestFilter correlationId(String pattern) {
    return with("correlation_id", pattern);
  }

  /**
   * Selects requests by the status of their response.
   *
   * @param status the HTTP status
   * @return the changed filter
   */
  public RequestFilter status(int status) {
    return with("status", status);
  }

  /**
   * Selects requests by the error of their response.
   *
   * @param pattern one of {@link ErrorCodes}, or another code
   * @return the changed filter
   */
  public RequestFilter error(String pattern) {
    return with("error", pattern);
  }

  /**
   * Selects requests that a scenario has matched.
   *
   * @param pattern the name of the scenario
   * @return the changed filter
   */
  public RequestFilter scenario(String pattern) {
    return with("scenario", pattern);
  }

  /**
   * Selects requests with a header.
   *
   * @param name the name of the header, in any case
   * @param pattern its value
   * @return the changed filter
   */
  public RequestFilter header(String name, String pattern) {
    return with("header." + name, pattern);
  }

  /**
   * Selects requests with a parameter, of the body or the query.
   *
   * @param name the name of the parameter
   * @param pattern its value; a code or token also by its fingerprint
   * @return the changed filter
   */
  public RequestFilter param(String name, String pattern) {
    return with("param." + name, pattern);
  }

  private RequestFilter with(String name, Object value) {
    return new RequestFilter(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }

  String toQuery() {
    return members.entrySet().stream()
        .map(
            member ->
                ControlClient.encode(member.getKey())
                    + "="
                    + ControlClient.encode(String.valueOf(member.getValue())))
        .collect(Collectors.joining("&"));
  }

  /** Returns the conditions, such as {@code {grant_type=refresh_token}}. */
  @Override
  public String toString() {
    return members.toString();
  }
}
