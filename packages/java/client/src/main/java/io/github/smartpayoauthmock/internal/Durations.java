package io.github.smartpayoauthmock.internal;

import java.time.Duration;

/** Durations in the form that the mock reads. */
public final class Durations {
  private Durations() {}

  /** Returns a duration as text, such as {@code 250ms}. */
  public static String toText(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
