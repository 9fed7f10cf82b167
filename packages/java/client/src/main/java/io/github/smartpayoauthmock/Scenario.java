package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What the server does instead of its usual response, and to which requests: to every token
 * request, unless {@link #when} says otherwise. Immutable: each method returns a changed copy.
 */
public final class Scenario {
  private final Map<String, Object> members;

  private Scenario(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Returns a scenario with an outcome for each matching request, in order.
   *
   * @param first the outcome of the first request, or of all if there is no other
   * @param more the outcomes of the next ones
   * @return the scenario
   */
  public static Scenario of(Outcome first, Outcome... more) {
    if (more.length == 0) {
      return new Scenario(Json.with(Map.of(), "respond", first.toJson()));
    }
    List<Object> outcomes = new ArrayList<>();
    outcomes.add(first.toJson());
    for (Outcome outcome : more) {
      outcomes.add(outcome.toJson());
    }
    return new Scenario(Json.with(Map.of(), "respond", outcomes));
  }

  /**
   * Returns a scenario that responds with an error.
   *
   * @param code one of {@link ErrorCodes}, or any other code
   * @return the scenario
   */
  public static Scenario error(String code) {
    return of(Outcome.error(code));
  }

  /**
   * Returns a scenario that makes connections fail.
   *
   * @param fault the failure
   * @return the scenario
   */
  public static Scenario fault(Fault fault) {
    return of(Outcome.fault(fault));
  }

  /**
   * Returns a scenario as the control API takes it.
   *
   * @param json the members {@code respond}, {@code when}, {@code times} and so on
   * @return the scenario
   */
  public static Scenario ofJson(Map<String, ?> json) {
    Map<String, Object> members = Map.of();
    for (Map.Entry<String, ?> member : json.entrySet()) {
      members = Json.with(members, member.getKey(), member.getValue());
    }
    return new Scenario(members);
  }

  /**
   * Sets the requests that the scenario matches. Called again, it adds further ones.
   *
   * @param conditions such as {@code request -> request.grantType("refresh_token")}
   * @return the changed scenario
   */
  public Scenario when(UnaryOperator<When> conditions) {
    List<Object> alternatives = new ArrayList<>();
    if (members.get("when") instanceof List<?> earlier) {
      alternatives.addAll(earlier);
    } else if (members.containsKey("when")) {
      alternatives.add(members.get("when"));
    }
    alternatives.add(conditions.apply(When.TOKEN_REQUEST).toJson());
    return with("when", alternatives);
  }

  /**
   * Sets the largest number of requests that the scenario matches.
   *
   * @param times the number of requests
   * @return the changed scenario
   */
  public Scenario times(int times) {
    return with("times", times);
  }

  /**
   * Sets what happens after the last outcome.
   *
   * @param afterLast what happens
   * @return the changed scenario
   */
  public Scenario then(AfterLast afterLast) {
    return with("then", afterLast);
  }

  /**
   * Sets how long the scenario remains in force, by the realm's clock.
   *
   * @param duration how long
   * @return the changed scenario
   */
  public Scenario lasting(Duration duration) {
    return with("for", duration);
  }

  /**
   * Sets the probability with which a matching request counts as a match.
   *
   * @param probability from 0 to 1
   * @return the changed scenario
   */
  public Scenario probability(double probability) {
    return with("probability", probability);
  }

  /**
   * Makes the random draws of {@link #probability} the same in every run.
   *
   * @param seed the seed
   * @return the changed scenario
   */
  public Scenario seed(long seed) {
    return with("seed", seed);
  }

  /**
   * Sets the name. Default: one that the server generates.
   *
   * @param name 1 to 64 characters of {@code A-Z a-z 0-9 . _ -}
   * @return the changed scenario
   */
  public Scenario named(String name) {
    return with("name", name);
  }

  /**
   * Makes the scenario match only requests that name it in the header {@code x-mock-scenario}.
   *
   * @return the changed scenario
   */
  public Scenario disabled() {
    return with("enabled", false);
  }

  private Scenario with(String name, Object value) {
    return new Scenario(Json.with(members, name, value));
  }

  Map<String, Object> toJson() {
    return members;
  }

  /** Returns the scenario as the control API takes it. */
  @Override
  public String toString() {
    return Json.write(members);
  }
}
