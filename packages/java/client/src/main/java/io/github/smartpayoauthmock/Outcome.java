package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What a request gets that a scenario matches. Methods that begin with {@code with} combine an
 * outcome with more. Immutable: each of them returns a changed copy.
 */
public final class Outcome {
  private final Map<String, Object> members;

  private Outcome(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Responds as usual.
   *
   * @return the outcome
   */
  public static Outcome pass() {
    return new Outcome(Map.of());
  }

  /**
   * Responds with an error.
   *
   * @param code one of {@link ErrorCodes}, or any other code
   * @return the outcome
   */
  public static Outcome error(String code) {
    return pass().with("error", code);
  }

  /**
   * Responds with a status, and a body if {@link #withBody} or {@link #withJson} sets one.
   *
   * @param status the HTTP status, from 200 to 599
   * @return the outcome
   */
  public static Outcome status(int status) {
    return pass().with("status", status);
  }

  /**
   * Makes the connection fail.
   *
   * @param fault the failure
   * @return the outcome
   */
  public static Outcome fault(Fault fault) {
    return pass().with("fault", fault);
  }

  /**
   * Responds as usual after a delay.
   *
   * @param delay the delay
   * @return the outcome
   */
  public static Outcome delay(Duration delay) {
    return pass().withDelay(delay);
  }

  /**
   * Holds requests until a number of them has arrived, or {@link Injection#release} is called.
   *
   * @param until the number of requests that wait for each other
   * @return the outcome
   */
  public static Outcome hold(int until) {
    return pass().with("hold", Map.of("until", until));
  }

  /**
   * Responds with 429 to more requests than a number per window of time, by the realm's clock.
   *
   * @param requests the largest number of requests
   * @param per the length of a window
   * @return the outcome
   */
  public static Outcome rateLimit(int requests, Duration per) {
    return pass().with("rate_limit", Map.of("requests", requests, "per", per));
  }

  /**
   * Responds with altered tokens.
   *
   * @param change such as {@code token -> token.lifetime(Duration.ofSeconds(-1))}
   * @return the outcome
   */
  public static Outcome token(UnaryOperator<TokenChange> change) {
    return pass().with("token", change.apply(TokenChange.NONE).toJson());
  }

  /**
   * Responds with altered JSON.
   *
   * @param change such as {@code response -> response.withoutMembers("refresh_token")}
   * @return the outcome
   */
  public static Outcome response(UnaryOperator<ResponseChange> change) {
    return pass().with("response", change.apply(ResponseChange.NONE).toJson());
  }

  /**
   * Sets the status.
   *
   * @param status the HTTP status, from 200 to 599
   * @return the changed outcome
   */
  public Outcome withStatus(int status) {
    return with("status", status);
  }

  /**
   * Sets the {@code error_description} of an error.
   *
   * @param description the description
   * @return the changed outcome
   */
  public Outcome withDescription(String description) {
    return with("description", description);
  }

  /**
   * Adds a header to the response.
   *
   * @param name the name of the header
   * @param value its value
   * @return the changed outcome
   */
  public Outcome withHeader(String name, String value) {
    return new Outcome(Json.withEntry(members, "headers", name, value));
  }

  /**
   * Sets the body to a text.
   *
   * @param body the body
   * @return the changed outcome
   */
  public Outcome withBody(String body) {
    return with("body", body);
  }

  /**
   * Sets the body to JSON.
   *
   * @param json a map, a list, a text, a number or a boolean
   * @return the changed outcome
   */
  public Outcome withJson(Object json) {
    return with("json", json);
  }

  /**
   * Delays the response.
   *
   * @param delay the delay
   * @return the changed outcome
   */
  public Outcome withDelay(Duration delay) {
    return with("delay", delay);
  }

  /**
   * Delays the response by a random duration.
   *
   * @param min the shortest delay
   * @param max the longest delay
   * @return the changed outcome
   */
  public Outcome withDelay(Duration min, Duration max) {
    return with("delay", Map.of("min", min, "max", max));
  }

  /**
   * Sets the time between two bytes of {@link Fault#SLOW_BODY}.
   *
   * @param interval the time
   * @return the changed outcome
   */
  public Outcome withInterval(Duration interval) {
    return with("interval", interval);
  }

  /**
   * Lets the request take effect first: the code is spent, the token is rotated. The client then
   * gets this outcome instead of the response: the lost response.
   *
   * @return the changed outcome
   */
  public Outcome withEffect() {
    return with("phase", "after");
  }

  private Outcome with(String name, Object value) {
    return new Outcome(Json.with(members, name, value));
  }

  Object toJson() {
    return members.isEmpty() ? "pass" : members;
  }
}
