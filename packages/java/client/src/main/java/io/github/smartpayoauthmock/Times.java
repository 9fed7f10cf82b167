package io.github.smartpayoauthmock;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** How many requests are expected. */
public final class Times {
  private static final int NO_LIMIT = Integer.MAX_VALUE;

  private final int least;
  private final int most;

  private Times(int least, int most) {
    if (least < 0 || most < least) {
      throw new IllegalArgumentException(
          "expected a number of at least 0, and the smaller one first: " + least + ", " + most);
    }
    this.least = least;
    this.most = most;
  }

  /**
   * Expects this number.
   *
   * @param count the number of requests
   * @return the expectation
   */
  public static Times exactly(int count) {
    return new Times(count, count);
  }

  /**
   * Expects no request.
   *
   * @return the expectation
   */
  public static Times never() {
    return new Times(0, 0);
  }

  /**
   * Expects this number or more.
   *
   * @param count the smallest number of requests
   * @return the expectation
   */
  public static Times atLeast(int count) {
    return new Times(count, NO_LIMIT);
  }

  /**
   * Expects this number or less.
   *
   * @param count the largest number of requests
   * @return the expectation
   */
  public static Times atMost(int count) {
    return new Times(0, count);
  }

  /**
   * Expects a number in a range.
   *
   * @param least the smallest number of requests
   * @param most the largest number of requests
   * @return the expectation
   */
  public static Times between(int least, int most) {
    return new Times(least, most);
  }

  boolean includes(long count) {
    return least <= count && count <= most;
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    if (least == most) {
      json.put("exactly", least);
      return json;
    }
    if (least > 0 || most == NO_LIMIT) {
      json.put("at_least", least);
    }
    if (most != NO_LIMIT) {
      json.put("at_most", most);
    }
    return json;
  }

  /** Returns the expectation in words, such as {@code at least 2}. */
  @Override
  public String toString() {
    return toJson().entrySet().stream()
        .map(entry -> entry.getKey().replace('_', ' ') + " " + entry.getValue())
        .collect(Collectors.joining(" and "));
  }
}
