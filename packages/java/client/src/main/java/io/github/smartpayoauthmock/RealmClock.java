package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Durations;
import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RealmClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;

/** The clock of a realm. Lifetimes, claims and dates follow it. */
public final class RealmClock {
  private final Supplier<RealmClient> realm;

  RealmClock(Supplier<RealmClient> realm) {
    this.realm = realm;
  }

  /**
   * Returns the time.
   *
   * @return the time, in milliseconds
   */
  public Instant now() {
    return time(realm.get().call("GET", "/clock"));
  }

  /**
   * Moves the clock.
   *
   * @param duration how far; a negative one moves it back
   * @return the new time
   */
  public Instant advance(Duration duration) {
    if (duration.isNegative()) {
      return set(now().plus(duration));
    }
    return time(
        realm.get().call("POST", "/clock/advance", Map.of("by", Durations.toText(duration))));
  }

  /**
   * Sets the clock. It continues to run, unless it is frozen.
   *
   * @param time the new time
   * @return the new time
   */
  public Instant set(Instant time) {
    return time(realm.get().call("PUT", "/clock", Map.of("now", time.toString())));
  }

  /**
   * Stops the clock.
   *
   * @return the time at which it has stopped
   */
  public Instant freeze() {
    return time(realm.get().call("PUT", "/clock", Map.of("frozen", true)));
  }

  /**
   * Stops the clock at a time.
   *
   * @param time the time that it shows from now on
   * @return that time
   */
  public Instant freeze(Instant time) {
    return time(realm.get().call("PUT", "/clock", Map.of("frozen", true, "now", time.toString())));
  }

  /**
   * Lets the clock run in real time again.
   *
   * @return the time
   */
  public Instant reset() {
    return time(realm.get().call("DELETE", "/clock"));
  }

  private static Instant time(Map<String, Object> clock) {
    return Instant.parse(Json.text(clock, "now"));
  }
}
