package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RealmClient;
import io.github.smartpayoauthmock.internal.RequestText;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Verifies what a realm has received. */
record Verifier(RealmClient realm) {

  void verify(RequestFilter match, Times times, Duration wait) {
    Map<String, Object> found =
        realm.verify(Map.of("match", match.toJson(), "count", times.toJson()), wait);
    if (!isSatisfied(found)) {
      throw new AssertionError(
          "expected %s requests that match %s, received %s.\n%s"
              .formatted(times, match, found.get("matched"), closest(found)));
    }
  }

  void verifyOrder(List<RequestFilter> order, Duration wait) {
    List<Map<String, Object>> json = order.stream().map(RequestFilter::toJson).toList();
    Map<String, Object> found = realm.verify(Map.of("order", json), wait);
    if (!isSatisfied(found)) {
      RequestFilter unmet = order.get((int) Json.number(found, "matched"));
      throw new AssertionError(
          "expected requests in the order %s; none matches %s at its place.\n%s"
              .formatted(order, unmet, closest(found)));
    }
  }

  private static boolean isSatisfied(Map<String, Object> verification) {
    return Boolean.TRUE.equals(verification.get("satisfied"));
  }

  private String closest(Map<String, Object> verification) {
    String closest = RequestText.closest(verification);
    return closest.isEmpty() ? RequestText.received(realm.newestRequests()) : closest;
  }
}
