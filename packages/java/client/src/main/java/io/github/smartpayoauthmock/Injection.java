package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RealmClient;
import io.github.smartpayoauthmock.internal.RequestText;
import java.util.NoSuchElementException;

/**
 * A scenario that is in force, until this is closed or the mock ends.
 *
 * <pre>{@code
 * try (Injection busy = mock.inject(Scenario.error("server_error").times(2))) {
 *   busy.expect(2);
 *   client.refresh();
 * }
 * }</pre>
 */
public final class Injection implements AutoCloseable {
  private final RealmClient realm;
  private final String name;
  private Times expected;
  private long lastMatched;
  private boolean isRemoved;

  Injection(RealmClient realm, String name) {
    this.realm = realm;
    this.name = name;
  }

  /**
   * Returns the name of the scenario.
   *
   * @return the name that it was given, or one that the server has generated
   */
  public String name() {
    return name;
  }

  /**
   * Returns how many requests the scenario has matched.
   *
   * @return the number of requests
   */
  public synchronized long matched() {
    if (!isRemoved) {
      lastMatched = Json.number(realm.call("GET", path()), "matched");
    }
    return lastMatched;
  }

  /**
   * Expects the scenario to match this number of requests.
   *
   * @param exactly the number of requests
   * @return this injection
   */
  public Injection expect(int exactly) {
    return expect(Times.exactly(exactly));
  }

  /**
   * Expects the scenario to match this many requests. {@link #close} judges this, or else the end
   * of the test or of the mock.
   *
   * @param times how many requests
   * @return this injection
   */
  public synchronized Injection expect(Times times) {
    expected = times;
    realm.expect(name, this::failure);
    return this;
  }

  /**
   * Releases the requests that the scenario holds.
   *
   * @return their number
   */
  public long release() {
    return Json.number(realm.call("POST", path() + "/release"), "released");
  }

  /** Removes the scenario. Its expectation is not judged any more. */
  public synchronized void remove() {
    realm.forget(name);
    if (isRemoved) {
      return;
    }
    try {
      // The number remains readable.
      matched();
      realm.call("DELETE", path());
    } catch (NoSuchElementException e) {
      // A reset, or new fixtures, have removed it before.
    }
    isRemoved = true;
  }

  /**
   * Removes the scenario, and judges its expectation.
   *
   * @throws AssertionError if it is not met, with the requests received
   */
  @Override
  public synchronized void close() {
    if (isRemoved) {
      return;
    }
    String failure;
    try {
      failure = expected == null ? null : failure();
    } finally {
      remove();
    }
    if (failure != null) {
      throw new AssertionError(failure);
    }
  }

  /** Returns why the expectation is not met, or null if it is. */
  private synchronized String failure() {
    long matched;
    try {
      matched = matched();
    } catch (NoSuchElementException e) {
      return "the scenario \""
          + name
          + "\" is no longer there to be judged: a reset, or new fixtures, removed it.";
    }
    if (expected.includes(matched)) {
      return null;
    }
    return "the scenario \""
        + name
        + "\" was expected to match "
        + expected
        + " requests, but matched "
        + matched
        + ".\n"
        + RequestText.received(realm.newestRequests());
  }

  private String path() {
    return "/scenarios/" + ControlClient.encode(name);
  }
}
