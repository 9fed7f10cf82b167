package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RequestText;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A request that the server has received, and its outcome. Secrets are masked. */
public final class RecordedRequest {
  private final Map<String, Object> json;

  RecordedRequest(Map<String, Object> json) {
    this.json = json;
  }

  /**
   * Returns the number of the request in the realm's journal, starting with 1.
   *
   * @return the number
   */
  public long id() {
    return Json.number(json, "id");
  }

  /**
   * Returns the time of arrival.
   *
   * @return the time by the realm's clock
   */
  public Instant time() {
    return Instant.parse(Json.text(json, "time"));
  }

  /**
   * Returns the endpoint.
   *
   * @return the name of the endpoint, such as {@code token} or {@code resource}
   */
  public String endpoint() {
    return Json.text(json, "endpoint");
  }

  /**
   * Returns the HTTP method.
   *
   * @return the method
   */
  public String method() {
    return Json.text(json, "method");
  }

  /**
   * Returns the path within the realm.
   *
   * @return the path, without the query
   */
  public String path() {
    return Json.text(json, "path");
  }

  /**
   * Returns the scheme.
   *
   * @return {@code http} or {@code https}
   */
  public String scheme() {
    return Json.text(json, "scheme");
  }

  /**
   * Returns the common name of the client certificate.
   *
   * @return the name, if the client presented a certificate
   */
  public Optional<String> certificate() {
    return Json.optionalText(json, "certificate");
  }

  /**
   * Returns the client.
   *
   * @return the client that the request names, or that its access token was issued to
   */
  public Optional<String> clientId() {
    return Json.optionalText(json, "client_id");
  }

  /**
   * Returns the merchant.
   *
   * @return the merchant of the request's code or token
   */
  public Optional<String> merchantId() {
    return Json.optionalText(json, "merchant_id");
  }

  /**
   * Returns the grant type.
   *
   * @return the parameter {@code grant_type}
   */
  public Optional<String> grantType() {
    return Json.optionalText(json, "grant_type");
  }

  /**
   * Returns the correlation ID.
   *
   * @return the header {@code v-c-client-correlation-id}
   */
  public Optional<String> correlationId() {
    return Json.optionalText(json, "correlation_id");
  }

  /**
   * Returns the headers.
   *
   * @return the values by the names in lower case
   */
  public Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    Json.object(json, "headers").forEach((name, value) -> headers.put(name, String.valueOf(value)));
    return headers;
  }

  /**
   * Returns the parameters of the body or the query.
   *
   * @return texts; codes and tokens are maps with a {@code fingerprint}
   */
  public Map<String, Object> params() {
    return Json.object(json, "params");
  }

  /**
   * Returns the status of the response.
   *
   * @return the HTTP status; empty if there is no response yet, or there never was one
   */
  public OptionalInt status() {
    long status = Json.number(Json.object(json, "outcome"), "status");
    return status == 0 ? OptionalInt.empty() : OptionalInt.of((int) status);
  }

  /**
   * Returns the error of the response.
   *
   * @return one of {@link ErrorCodes}, or another code
   */
  public Optional<String> error() {
    return Json.optionalText(Json.object(json, "outcome"), "error");
  }

  /**
   * Returns the scenario that decided the outcome.
   *
   * @return the name of the scenario
   */
  public Optional<String> scenario() {
    return Json.optionalText(Json.object(json, "outcome"), "scenario");
  }

  /**
   * Returns the notes: what the real server would reject, and what it discourages.
   *
   * @return a sentence or two for each
   */
  public List<String> notes() {
    return Json.texts(json, "notes");
  }

  /**
   * Returns everything that the journal has on this request.
   *
   * @return the JSON of the control API, as maps and lists
   */
  public Map<String, Object> json() {
    return json;
  }

  /** Returns the request as one line: what it was, the response, and the reason for it. */
  @Override
  public String toString() {
    return RequestText.line(json);
  }
}
